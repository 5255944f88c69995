import { indexCollection, partition, tableCollection } from '../schemas/collection.js'
import type { Route } from '../src/operations/call.js'
import { answerCollection, queryRequest, scanRequest, sendCollection } from '../src/operations/collection.js'
import {
  answerPartition,
  partitionOperation,
  partitionRequest,
  sendPartition,
} from '../src/operations/partition.js'
import { apiRoute } from '../src/operations/serve.js'

/** Fastify adds HEAD to GET. */
export const collections: readonly Route[] = [
  apiRoute({
    method: 'GET',
    path: '/v1/tables/:table/items',
    schema: tableCollection,
    operation: 'Scan',
    request: scanRequest,
    send: (call, request) => sendCollection(call, 'Scan', request),
    answer: (call, output, request) => answerCollection(call, 'Scan', output, request),
  }),
  apiRoute({
    method: 'GET',
    path: '/v1/tables/:table/items/:partitionKey',
    schema: partition,
    operation: 'GetItem',
    operationFor: partitionOperation,
    itemAction: ['GetItem', 'Query'],
    request: partitionRequest,
    send: sendPartition,
    answer: answerPartition,
  }),
  apiRoute({
    method: 'GET',
    path: '/v1/tables/:table/indexes/:index/items/:partitionKey',
    schema: indexCollection,
    operation: 'Query',
    itemAction: 'Query',
    request: queryRequest,
    send: (call, request) => sendCollection(call, 'Query', request),
    answer: (call, output, request) => answerCollection(call, 'Query', output, request),
  }),
]
