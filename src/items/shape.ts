/**
 * Where in a body items stand, and which names around them are field names. Compiled once from the same TypeBox
 * schema that validates the body and documents it, so that the three cannot disagree.
 */
import type { TSchema } from '@fastify/type-provider-typebox'
import { toDynamoDBName } from './field-names.js'

/** The schema keyword that marks what its type alone does not tell; see `schemas/item.ts`. */
export const SHAPE = 'x-shape'

export type Shape =
  | { readonly kind: 'item' }
  /** Fields with names of their own on each side. */
  | {
      readonly kind: 'struct'
      readonly fields: ReadonlyMap<string, Field>
      readonly byDynamoDBName: ReadonlyMap<string, Field>
    }
  /** Names are the caller's: tables, attributes, placeholders. */
  | { readonly kind: 'map'; readonly values: Shape }
  | { readonly kind: 'list'; readonly elements: Shape }
  /** Nothing but DynamoDB's field names at every level, known and unknown ones, and no items. */
  | { readonly kind: 'description' }
  | { readonly kind: 'plain' }

export interface Field {
  readonly name: string
  readonly dynamoDBName: string
  /** The name as it is written in front of a value in an answer, such as `"tableName":`. */
  readonly written: string
  readonly shape: Shape
}

/** The parts of JSON Schema that say what shape a value has. */
interface SchemaParts {
  readonly [SHAPE]?: 'item' | 'description'
  readonly properties?: Readonly<Record<string, TSchema>>
  readonly additionalProperties?: boolean | TSchema
  readonly items?: TSchema
}

const plain: Shape = { kind: 'plain' }

/** The shape of the values that `schema` describes. */
export function shapeOf(schema: TSchema): Shape {
  const parts: SchemaParts = schema
  if (parts[SHAPE] !== undefined) return { kind: parts[SHAPE] }
  if (parts.items !== undefined) return { kind: 'list', elements: shapeOf(parts.items) }
  if (parts.properties !== undefined) return structOf(parts.properties)
  if (typeof parts.additionalProperties === 'object') {
    return { kind: 'map', values: shapeOf(parts.additionalProperties) }
  }
  return plain
}

function structOf(properties: Readonly<Record<string, TSchema>>): Shape {
  const fields = Object.entries(properties).map(([name, schema]) => ({
    name,
    dynamoDBName: toDynamoDBName(name),
    written: `"${name}":`,
    shape: shapeOf(schema),
  }))
  return {
    kind: 'struct',
    fields: new Map(fields.map((field) => [field.name, field])),
    byDynamoDBName: new Map(fields.map((field) => [field.dynamoDBName, field])),
  }
}
