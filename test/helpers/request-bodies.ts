/** Request bodies of the operations, read as the service reads them. */
import { batchGet, batchWrite } from '../../schemas/batch.js'
import { put, query } from '../../schemas/items.js'
import { createTable } from '../../schemas/tables.js'
import { transactGet, transactWrite } from '../../schemas/transactions.js'
import { document } from '../../src/items/representation.js'
import { readBody, RequestBodyError } from '../../src/items/request-body.js'
import { type Shape, shapeOf } from '../../src/items/shape.js'
import { toRequest } from '../../src/items/to-request.js'
import { atOnce } from '../../src/json/in-slices.js'
import { type DynamoDBRequest, serialize } from '../../src/storage/request.js'

/** The shapes of the bodies. */
export const bodies = {
  put: shapeOf(put.body),
  query: shapeOf(query.body),
  batchGet: shapeOf(batchGet.body),
  batchWrite: shapeOf(batchWrite.body),
  transactGet: shapeOf(transactGet.body),
  transactWrite: shapeOf(transactWrite.body),
  createTable: shapeOf(createTable.body),
}

export const limits = { maxEntries: 1000, hold: () => undefined }

/** The value of a body without any errors. */
export function readValue(body: string | Buffer, shape: Shape, representation = document): unknown {
  const { value, errors } = atOnce(readBody(Buffer.from(body), shape, representation, limits))
  if (errors.length > 0) throw new RequestBodyError(errors)
  return value
}

/** A caller's body as DynamoDB's request. */
export function request(
  body: string,
  shape: Shape,
  representation = document,
  parameters?: DynamoDBRequest,
): string {
  const read = readValue(body, shape, representation)
  if (typeof read !== 'object' || read === null) throw new TypeError('no object')
  return serialize(toRequest(read, shape, parameters)).toString()
}
