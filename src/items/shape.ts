/**
 * The shape of a body: where the items are, and which of the names around them are field names. It is compiled once from
 * the TypeBox schema that also validates and documents the body, so that the three cannot disagree.
 */
import type { TSchema } from '@fastify/type-provider-typebox'
import { SHAPE } from '../../schemas/parts/building-blocks.js'
import { toDynamoDBName } from './field-names.js'

export type Shape =
  /** An item is a map of names to values; a value stands alone. */
  | { readonly kind: 'item' | 'value' }
  /** Fields with fixed names, which differ between the service and DynamoDB. */
  | {
      readonly kind: 'struct'
      readonly fields: ReadonlyMap<string, Field>
      readonly byDynamoDBName: ReadonlyMap<string, Field>
    }
  /** Names that belong to the caller and stay as they are: tables, attributes, placeholders. */
  | { readonly kind: 'map'; readonly values: Shape; readonly maxEntries: MaxEntries }
  | { readonly kind: 'list'; readonly elements: Shape; readonly maxEntries: MaxEntries }
  /** All names, at every depth, are field names, including ones that the schema does not know. There are no items. */
  | { readonly kind: 'description' }
  | { readonly kind: 'plain' }

/** Undefined if the schema sets no limit: in a request body, they count as entries of a batch. */
export type MaxEntries = number | undefined

export interface Field {
  readonly name: string
  readonly dynamoDBName: string
  /** The name as it is written in front of a value in an answer, such as `"tableName":`. */
  readonly written: string
  readonly shape: Shape
}

/** The keywords of JSON Schema that determine the shape of a value. */
interface SchemaParts {
  readonly [SHAPE]?: 'item' | 'value' | 'description'
  readonly properties?: Readonly<Record<string, TSchema>>
  readonly additionalProperties?: boolean | TSchema
  readonly items?: TSchema
  readonly maxItems?: number
  readonly maxProperties?: number
}

const plain: Shape = { kind: 'plain' }

/** The shape of the values that `schema` describes. */
export function shapeOf(schema: TSchema): Shape {
  const parts: SchemaParts = schema
  if (parts[SHAPE] !== undefined) return { kind: parts[SHAPE] }
  if (parts.items !== undefined) {
    return { kind: 'list', elements: shapeOf(parts.items), maxEntries: parts.maxItems }
  }
  if (parts.properties !== undefined) return structOf(parts.properties)
  if (typeof parts.additionalProperties === 'object') {
    return { kind: 'map', values: shapeOf(parts.additionalProperties), maxEntries: parts.maxProperties }
  }
  return plain
}

/**
 * The same text as a string that V8 has interned, as it does with all property names. Setting a property by any other
 * string costs a search for the interned one, 2 µs each time.
 */
function asPropertyName(name: string): string {
  const [interned = name] = Object.keys({ [name]: undefined })
  return interned
}

function structOf(properties: Readonly<Record<string, TSchema>>): Shape {
  const fields = Object.entries(properties).map(([name, schema]) => ({
    name,
    dynamoDBName: asPropertyName(toDynamoDBName(name)),
    written: `"${name}":`,
    shape: shapeOf(schema),
  }))
  return {
    kind: 'struct',
    fields: new Map(fields.map((field) => [field.name, field])),
    byDynamoDBName: new Map(fields.map((field) => [field.dynamoDBName, field])),
  }
}
