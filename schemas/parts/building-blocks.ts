/**
 * What schemas are made of. One with a `title` is a component of that name in `openapi.yaml`, and a type of that name in
 * generated clients; every object and every set of words that stands in more than one place has one.
 */
import * as Type from 'typebox'
import type { Static, TObject, TObjectOptions, TProperties, TSchema, TSchemaOptions } from 'typebox'
import type { Json } from '../../src/json/reader.js'
import { SHAPE } from '../../src/items/shape.js'

/**
 * A map of attribute names to values: an item, a key, or the values of an expression. By the time a schema
 * sees it, its representation has been read and checked, and it is DynamoDB's JSON.
 */
export const Item = (description: string) => Type.Unsafe<Json>({ [SHAPE]: 'item', description })

/** An object of which DynamoDB alone says what is in it, such as the description of a table; `properties` are some of it. */
export const Description = (properties: TProperties, options: TObjectOptions) =>
  Type.Unsafe<object>({
    ...options,
    [SHAPE]: 'description',
    type: 'object',
    properties,
    additionalProperties: true,
  })

/** An object whose names are the caller's own, such as table names or placeholders. */
export const MapOf = <Value extends TSchema>(values: Value, options: TObjectOptions) =>
  Type.Unsafe<Record<string, Static<Value>>>({ ...options, type: 'object', additionalProperties: values })

/** One of a fixed set of words. */
export const OneOf = <Word extends string>(words: readonly Word[], options: TSchemaOptions) =>
  Type.Unsafe<Word>({ ...options, type: 'string', enum: words })

/** A whole number as DynamoDB takes them: it has 32 bits for all but the capacity of tables. */
export const Int32 = (options: { minimum: number; description?: string }) =>
  Type.Integer({ maximum: 2 ** 31 - 1, ...options })

/** An object with these fields and no others. */
export const Closed = <Properties extends TProperties>(
  properties: Properties,
  options: TObjectOptions = {},
): TObject<Properties> => Type.Object(properties, { ...options, additionalProperties: false })

/** An object with exactly one of these fields. */
export const ExactlyOne = <Properties extends TProperties>(properties: Properties, options: TObjectOptions) =>
  Closed(Type.Partial(Type.Object(properties)).properties, { ...options, minProperties: 1, maxProperties: 1 })
