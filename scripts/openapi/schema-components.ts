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

/** Whether the two representations of the schema differ. */
export function hasItems(schema: object): boolean {
  const text = JSON.stringify(schema)
  return text.includes(`"${SHAPE}":"item"`) || text.includes(`"${SHAPE}":"value"`)
}

/** Where a schema stands: alone, as the elements of an array, as the values of a map, or as a field of a struct. */
type Place = 'body' | 'element' | 'value' | 'field'

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
  add(schema: object, representation: Representation, place: Place = 'body'): JsonObject {
    const { title, [SHAPE]: shape, ...rest } = plain(schema)
    // As a document, it can be any JSON value.
    if (shape === 'value') return representation === document ? rest : ref('AttributeValue')
    if (shape === 'item') return this.#itemAt(place, itemNames.get(representation) ?? '', rest)
    const { anyOf } = rest
    if (isArray(anyOf)) return this.#addAnyOf(anyOf.filter(isObject), rest, representation)
    const inner = this.#addInner(rest, representation)
    if (typeof title !== 'string') return inner
    const name = representation === typed && hasItems(schema) ? `Typed${title}` : title
    if (JSON.stringify(this.#schemas.get(name) ?? inner) !== JSON.stringify(inner)) {
      throw new Error(`two schemas have the title ${title}`)
    }
    this.#schemas.set(name, inner)
    return place === 'field' && isContainer(inner) ? { ...ref(name), ...descriptionOf(rest) } : ref(name)
  }

  /**
   * An item. A reference with a description has no type for openapi-generator's Python if it is a whole body, and a
   * reference to a map has none for its Ruby if it is the element of an array.
   */
  #itemAt(place: Place, name: string, options: JsonObject): JsonObject {
    if (place === 'body') return ref(name)
    if (place !== 'element') return { ...ref(name), ...options }
    const { type = '', additionalProperties = true } = this.#schemas.get(name) as JsonObject
    return { type, additionalProperties, ...options }
  }

  /**
   * An item or something else. An item as a document is any object, so it describes the others, too. A typed item is not;
   * but generators for Java write code that does not compile for a choice with a map in it, so it is any object as well.
   */
  #addAnyOf(schemas: readonly JsonObject[], options: JsonObject, representation: Representation): JsonObject {
    const item = schemas.find(({ [SHAPE]: shape }) => shape === 'item')
    const added = schemas.map((schema) => this.add(schema, representation))
    if (item === undefined) return { ...options, anyOf: added }
    return representation === document ? this.add(item, representation) : ref('TypedItemOrItems')
  }

  /** The schema of a list, a map or a struct, with the schemas inside it added. */
  #addInner(schema: JsonObject, representation: Representation): JsonObject {
    const added = (value: Json, place: Place) =>
      isObject(value) ? this.add(value, representation, place) : value
    const { items, additionalProperties, properties } = schema
    return {
      ...schema,
      ...(schema['type'] === 'integer' && { format: formatOf(schema) }),
      ...(items !== undefined && { items: added(items, 'element') }),
      ...(additionalProperties !== undefined && {
        additionalProperties: added(additionalProperties, 'value'),
      }),
      ...(isObject(properties) && {
        properties: Object.fromEntries(
          Object.entries(properties).map(([name, property]) => [name, added(property, 'field')]),
        ),
      }),
    }
  }
}

/** An array, or an object whose names are not known. */
function isContainer({ type, properties }: JsonObject): boolean {
  return type === 'array' || (type === 'object' && properties === undefined)
}

/**
 * Of an optional field that is a container: without a description beside the reference, openapi-generator's Java sends the
 * container empty instead of leaving it out.
 */
function descriptionOf({ description }: JsonObject): JsonObject {
  return description === undefined ? {} : { description }
}

/** Of an integer: without a format, generators for Java, Rust and C# take 32 bits. */
function formatOf({ minimum, maximum }: JsonObject): 'int32' | 'int64' {
  const fits = (limit: Json | undefined) => typeof limit === 'number' && Math.abs(limit) < 2 ** 31
  return fits(minimum) && fits(maximum) ? 'int32' : 'int64'
}
