import * as schemas from '../schemas/batch.js'
import { operation } from '../src/operations/operation.js'
import type { Route } from '../src/operations/call.js'

export const batch: readonly Route[] = [
  operation({
    path: '/v1/batch/get',
    schema: schemas.batchGet,
    operation: 'BatchGetItem',
    send: ({ services: { storage }, limits }, request) => storage.batchGet(request, limits),
  }),
  operation({
    path: '/v1/batch/write',
    schema: schemas.batchWrite,
    operation: 'BatchWriteItem',
    send: ({ services: { storage }, limits }, request) => storage.batchWrite(request, limits),
  }),
]
