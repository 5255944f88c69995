/**
 * A projection as it stands in a query string: paths of attributes, separated by commas, such as `status,lines[0].sku`.
 * Their names are put in as placeholders, so that any may stand there, reserved words too; only white space and
 * `, . [ ]` cannot.
 */
const NAME = String.raw`[^\s,.[\]]+(?:\[\d+\])*`
const PATH = String.raw`${NAME}(?:\.${NAME})*`
/**
 * What a projection looks like. What does not is found out in one go: after each repetition comes what cannot be part
 * of it. It stands in no schema, for tools that make examples of patterns take minutes for this one.
 */
const PROJECTION = new RegExp(String.raw`^${PATH}(?:,\s*${PATH})*$`)

const placeOrName = /\[\d+\]|[^\s,.[\]]+/g

/**
 * The members of DynamoDB's request that a projection stands for.
 * @throws ProblemError if it is none
 */
export function projectionParameters(projection: string):
  | {
      readonly ProjectionExpression: string
      readonly ExpressionAttributeNames: Readonly<Record<string, string>>
    }
  | undefined {
  if (!PROJECTION.test(projection)) return undefined
  const placeholders = new Map<string, string>()
  const ProjectionExpression = projection.replace(placeOrName, (part) => {
    if (part.startsWith('[')) return part
    const placeholder = placeholders.get(part) ?? `#${placeholders.size}`
    placeholders.set(part, placeholder)
    return placeholder
  })
  const names = [...placeholders].map(([name, placeholder]) => [placeholder, name] as const)
  return { ProjectionExpression, ExpressionAttributeNames: Object.fromEntries(names) }
}
