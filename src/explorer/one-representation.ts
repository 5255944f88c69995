/**
 * The description of the API with one representation of items only. Most generators of clients read only the first media
 * type of a body, so that from the whole description no client could send or read typed items.
 */
import { document, type Representation, typed } from '../items/representation.js'
import { isRecord } from '../json/is-record.js'

type JsonObject = Readonly<Record<string, unknown>>

/**
 * @param whole the content of `openapi.yaml`
 * @returns the same operations, each with one media type for its body and one for each answer: that of the representation
 * if there are items in it, otherwise its first one. Components that are not used any more are left out.
 */
export function inRepresentation(whole: JsonObject, { mediaType }: Representation): JsonObject {
  const body = (value: unknown) => {
    if (!isRecord(value) || !isRecord(value['content'])) return value
    const { content } = value
    const [first = mediaType] = Object.keys(content)
    const only = document.mediaType in content && typed.mediaType in content ? mediaType : first
    return { ...value, content: { [only]: content[only] } }
  }
  const operation = (value: unknown) => ({
    ...fields(value),
    ...(isRecord(value) && 'requestBody' in value && { requestBody: body(value['requestBody']) }),
    responses: mapped(fields(value)['responses'], body),
  })
  const paths = mapped(whole['paths'], (methods) => mapped(methods, operation))
  return { ...whole, paths, components: usedComponents(paths, fields(whole['components'])) }
}

/** The components that `value` refers to, directly or through others. Security schemes are named, not referred to. */
function usedComponents(value: unknown, components: JsonObject): JsonObject {
  const used = new Set<string>()
  const visit = (inner: unknown): void => {
    if (typeof inner !== 'object' || inner === null) return
    for (const [name, member] of Object.entries(inner)) {
      if (name !== '$ref' || typeof member !== 'string') visit(member)
      else if (!used.has(member)) {
        used.add(member)
        const [, , kind = '', component = ''] = member.split('/')
        visit(fields(components[kind])[component])
      }
    }
  }
  visit(value)
  const kept = Object.entries(components).map(([kind, all]) => [
    kind,
    kind === 'securitySchemes'
      ? all
      : Object.fromEntries(
          Object.entries(fields(all)).filter(([name]) => used.has(`#/components/${kind}/${name}`)),
        ),
  ])
  return Object.fromEntries(kept) as JsonObject
}

function mapped(value: unknown, change: (member: unknown) => unknown): JsonObject {
  return Object.fromEntries(Object.entries(fields(value)).map(([name, member]) => [name, change(member)]))
}

function fields(value: unknown): JsonObject {
  return isRecord(value) ? value : {}
}
