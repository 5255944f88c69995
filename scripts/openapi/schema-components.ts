import { document, type Representation, typed } from '../../src/items/representation.js'
import { SHAPE } from '../../schemas/parts/building-blocks.js'
import { isArray, isObject, type Json, type JsonObject, plain } from './json-value.js'

/** The schema of an item in each representation, by its name in `item-schemas.ts`. */
const itemNames = new Map<Representation, string>([
  [document, 'Item'],
  [typed, 'TypedItem'],
])

/** A reference to a component. */
export function ref(name: string, kind: 'schemas' | 'headers' | 'examples' = 'schemas'): JsonObject {
  return { $ref: `#/components/${kind}/${name}` }
}

export function hasItems(schema: object): boolean {
  return JSON.stringify(schema).includes(`"${SHAPE}":"item"`)
}

/** The schemas that have a name. A schema with a `title` becomes a component, and a type in generated clients. */
export class SchemaComponents {
  readonly #schemas: Map<string, Json>

  constructor(schemas: JsonObject) {
    this.#schemas = new Map(Object.entries(schemas))
  }

  /** All of them, in the order in which they were added. */
  get all(): JsonObject {
    return Object.fromEntries(this.#schemas)
  }

  /**
   * The schema in a representation, with a reference in place of each schema that has a title. The component of a
   * schema with items in it is called `Typed…` in DynamoDB's own types.
   * @throws Error if two different schemas have one title
   */
  add(schema: object, representation: Representation): JsonObject {
    const { title, [SHAPE]: shape, ...rest } = plain(schema)
    if (shape === 'item') return { ...ref(itemNames.get(representation) ?? ''), ...rest }
    const { anyOf } = rest
    if (isArray(anyOf)) return this.#addAnyOf(anyOf.filter(isObject), rest, representation)
    const inner = this.#addInner(rest, representation)
    if (typeof title !== 'string') return inner
    const name = representation === typed && hasItems(schema) ? `Typed${title}` : title
    if (JSON.stringify(this.#schemas.get(name) ?? inner) !== JSON.stringify(inner)) {
      throw new Error(`two schemas have the title ${title}`)
    }
    this.#schemas.set(name, inner)
    return ref(name)
  }

  /** An item as a document is any object. So it describes the others, too, and generated clients keep one type. */
  #addAnyOf(schemas: readonly JsonObject[], options: JsonObject, representation: Representation): JsonObject {
    const item = schemas.find(({ [SHAPE]: shape }) => shape === 'item')
    const added = schemas.map((schema) => this.add(schema, representation))
    if (representation === document && item !== undefined) return this.add(item, representation)
    return { ...options, anyOf: added }
  }

  /** The schema of a list, a map or a struct, with the schemas inside it added. */
  #addInner(schema: JsonObject, representation: Representation): JsonObject {
    const added = (value: Json) => (isObject(value) ? this.add(value, representation) : value)
    const { items, additionalProperties, properties } = schema
    return {
      ...schema,
      ...(items !== undefined && { items: added(items) }),
      ...(additionalProperties !== undefined && { additionalProperties: added(additionalProperties) }),
      ...(isObject(properties) && {
        properties: Object.fromEntries(
          Object.entries(properties).map(([name, property]) => [name, added(property)]),
        ),
      }),
    }
  }
}
