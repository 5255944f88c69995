/** From a request body to DynamoDB's request. */
import { isRecord } from '../json/is-record.js'
import { setProperty } from '../json/set-property.js'
import type { DynamoDBRequest, Parameter } from '../storage/request.js'
import type { Shape } from './shape.js'

const plain: Shape = { kind: 'plain' }

/**
 * DynamoDB's request for a body that `readBody` has read and its schema has found valid. Fields get DynamoDB's
 * names, items stay Buffers, and nothing is serialized.
 * @param shape of the body
 * @param parameters of the request that do not come from the body, such as `{ TableName: 't' }`; they come first
 */
export function toRequest(body: object, shape: Shape, parameters: DynamoDBRequest = {}): DynamoDBRequest {
  if (!isRecord(body)) throw new TypeError('a request body must be an object')
  // Not a copy by spread: adding a property to one makes V8 create a hidden class each time, which costs a tenth of a put.
  const request: Record<string, Parameter> = {}
  for (const name of Object.keys(parameters)) request[name] = parameters[name]
  addParameters(request, body, shape)
  return request
}

function addParameters(
  to: Record<string, Parameter>,
  from: Readonly<Record<string, unknown>>,
  shape: Shape,
): void {
  // A third cheaper than Object.entries, which counts in a batch of 10,000 entries.
  for (const name of Object.keys(from)) {
    if (shape.kind === 'struct') {
      const field = shape.fields.get(name)
      if (field !== undefined) to[field.dynamoDBName] = parameterOf(from[name], field.shape)
    } else setProperty(to, name, parameterOf(from[name], shape.kind === 'map' ? shape.values : plain))
  }
}

function parameterOf(value: unknown, shape: Shape): Parameter {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'undefined':
      return value
  }
  if (value === null || Buffer.isBuffer(value)) return value
  if (Array.isArray(value)) {
    const elements = shape.kind === 'list' ? shape.elements : plain
    return value.map((element) => parameterOf(element, elements))
  }
  if (!isRecord(value)) throw new TypeError(`a request body cannot hold a ${typeof value}`)
  const parameters: Record<string, Parameter> = {}
  addParameters(parameters, value, shape)
  return parameters
}
