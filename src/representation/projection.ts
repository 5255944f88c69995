/**
 * A projection as it stands in a query string: paths of attributes, separated by commas, such as `status,lines[0].sku`.
 * Their names are put in as placeholders, so that any may stand there, reserved words too; only white space and
 * `, . [ ]` cannot.
 */

const NAME = String.raw`[^\s,.[\]]+(?:\[\d+\])*`
const PATH = String.raw`${NAME}(?:\.${NAME})*`
/** What a projection looks like. */
export const PROJECTION = String.raw`^${PATH}(?:,\s*${PATH})*$`

const placeOrName = /\[\d+\]|[^\s,.[\]]+/g

/** The members of DynamoDB's request that a projection, which looks like {@link PROJECTION}, stands for. */
export function projectionMembers(projection: string): {
  readonly ProjectionExpression: string
  readonly ExpressionAttributeNames: Readonly<Record<string, string>>
} {
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
