/**
 * The building blocks of schemas. A schema with a `title` becomes a component of that name in `openapi.yaml` and a type
 * of that name in generated clients; every object and every enumeration that is used in more than one place has one.
 */
import * as Type from 'typebox'
import type { Static, TObject, TObjectOptions, TProperties, TSchema, TSchemaOptions } from 'typebox'

/** The schema keyword for what the JSON type alone does not tell: that a value is an item, an attribute's value, or a description. */
export const SHAPE = 'x-shape'

/**
 * A map of attribute names to values: an item, a key, or the values of an expression. Its representation has been read
 * and checked before validation; it is then a Buffer with DynamoDB's JSON.
 */
export const Item = (description: string) => Type.Unsafe<Buffer>({ [SHAPE]: 'item', description })

/** The value of an attribute, such as a parameter of a statement. It has been read as an item is, and is a Buffer as well. */
export const AttributeValue = (description: string) => Type.Unsafe<Buffer>({ [SHAPE]: 'value', description })

/** An item, or another object with items in it, of an answer. As a document, an item can have any fields. */
export const ItemOr = (other: TSchema, description: string) =>
  Type.Unsafe<Buffer | object>({ description, anyOf: [Item(description), other] })

/** An object whose members only DynamoDB defines, such as the description of a table; `properties` are some of them. */
export const Description = (properties: TProperties, options: TObjectOptions) =>
  Type.Unsafe<object>({
    ...options,
    [SHAPE]: 'description',
    type: 'object',
    properties,
    additionalProperties: true,
  })

/**
 * An object whose names are the caller's own, such as table names or placeholders. In a request body, maps and arrays need
 * a limit, which bounds the memory for them; the elements of those without one count as entries of a batch.
 */
export const MapOf = <Value extends TSchema>(values: Value, options: TObjectOptions) =>
  Type.Unsafe<Record<string, Static<Value>>>({ ...options, type: 'object', additionalProperties: values })

/** One of a fixed set of words. */
export const OneOf = <Word extends string>(words: readonly Word[], options: TSchemaOptions) =>
  Type.Unsafe<Word>({ ...options, type: 'string', enum: words })

/** An integer of 32 bits, as DynamoDB takes them for everything but the capacity of tables. */
export const Int32 = (options: { minimum: number; description?: string }) =>
  Type.Integer({ maximum: 2 ** 31 - 1, ...options })

/** An expression. DynamoDB takes 4 KB (Developer Guide, "Quotas in Amazon DynamoDB"). */
export const Expression = (options: TSchemaOptions) => Type.String({ maxLength: 4096, ...options })

/** An object with these fields and no others. */
export const Closed = <Properties extends TProperties>(
  properties: Properties,
  options: TObjectOptions = {},
): TObject<Properties> => Type.Object(properties, { ...options, additionalProperties: false })

/** An object with exactly one of these fields. */
export const ExactlyOne = <Properties extends TProperties>(properties: Properties, options: TObjectOptions) =>
  Closed(Type.Partial(Type.Object(properties)).properties, { ...options, minProperties: 1, maxProperties: 1 })

/** An answer without a body. */
export const NoContent = (description: string, headers: Readonly<Record<string, TSchema>> = {}) =>
  Type.Null({ description, headers })
