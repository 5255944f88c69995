/** Bodies with the parameters of a Query or a Scan, and with fields of the service's own beside them. */
import * as Type from 'typebox'
import type { TProperties } from 'typebox'
import { shapeOf } from '../items/shape.js'
import { toRequest } from '../items/to-request.js'
import type { PageOperation } from '../storage/pages/pages.js'
import type { DynamoDBRequest } from '../storage/request.js'
import type { Call } from './call.js'
import { type Purpose, startingAt } from './page-position.js'

/** The fields that DynamoDB does not get. */
const OWN_FIELDS: readonly string[] = ['pageToken', 'itemLimit', 'maxItems']

/** The schema of a body that is an object. */
export interface BodySchema {
  readonly properties: TProperties
}

/**
 * How a route makes DynamoDB's request from such a body.
 * @param schema of the body
 */
export function createPageRequest(schema: BodySchema, purpose: Purpose): (call: Call) => DynamoDBRequest {
  const properties = Object.entries(schema.properties).filter(([name]) => !OWN_FIELDS.includes(name))
  const shape = shapeOf(Type.Object(Object.fromEntries(properties)))

  return (call) => {
    const { body = {}, request } = call
    const asked = toRequest(body, shape, { TableName: request.params['table'] })
    return startingAt(call, purpose, asked, fieldIn(call, 'pageToken'), 'body/pageToken')
  }
}

/** A query has a key condition; without one it is a scan. */
export function pageOperationOf(call: Call): PageOperation {
  return fieldIn(call, 'keyConditionExpression') === undefined ? 'Scan' : 'Query'
}

/** A number in the body, such as `itemLimit`; undefined if it has none. */
export function numberIn(call: Call, name: string): number | undefined {
  const value = fieldIn(call, name)
  return value === undefined ? undefined : Number(value)
}

/** A field of the body, which the schema has validated. */
export function fieldIn({ body = {} }: Call, name: string): unknown {
  return (body as Readonly<Record<string, unknown>>)[name]
}
