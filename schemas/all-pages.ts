/** Operations over all pages of a Query or a Scan, in one request. */
import * as Type from 'typebox'
import { consumedCapacity, nextPageToken } from './parts/answers.js'
import { Closed, Expression } from './parts/building-blocks.js'
import { writeErrors } from './parts/errors.js'
import {
  readParameters,
  returnConsumedCapacity,
  scanIndexForward,
  segmentOptions,
} from './parts/expressions.js'
import { NoQuery, TablePath } from './parts/paths.js'
import type { RouteSchema } from './parts/route-schema.js'

/** The fields of a query and of a scan. */
const readFields = {
  keyConditionExpression: Type.Optional(
    Expression({
      description: 'The key condition of a query. Without it, the whole table or index is scanned.',
    }),
  ),
  ...readParameters,
  scanIndexForward,
  ...segmentOptions,
}

export const count = {
  operationId: 'countItems',
  summary: 'Count items over all pages',
  description:
    'Query or Scan: counts what matches over all pages; a scan counts in segments at the same time. No page is requested after half of ' +
    '`REQUEST_TIMEOUT_MS`: then `nextPageToken` goes on from there, and the caller adds the counts. A count reads every item that ' +
    'it counts. `limit` is that of each page; `select` and `projectionExpression` have no effect.',
  tags: ['Items'],
  params: TablePath,
  querystring: NoQuery,
  body: Closed(
    { ...readFields, returnConsumedCapacity },
    {
      examples: [
        {
          keyConditionExpression: 'customer = :c',
          filterExpression: 'amount > :least',
          expressionAttributeValues: { ':c': 'ada', ':least': 100 },
        },
      ],
    },
  ),
  response: {
    200: Type.Object(
      {
        count: Type.Integer({ description: 'The number of items that passed the filter.' }),
        scannedCount: Type.Integer({
          description: 'The number of items that were read, before the filter.',
        }),
        nextPageToken,
        consumedCapacity,
      },
      { examples: [{ count: 1, scannedCount: 2 }] },
    ),
  },
  errors: ['InvalidPageToken', 'ResourceNotFoundException'],
} satisfies RouteSchema

export const deleteItems = {
  operationId: 'deleteItems',
  summary: 'Delete the items that match',
  description:
    'Query or Scan, and BatchWriteItem: deletes what matches, at most `maxItems`. Only keys are read. It ends after half of ' +
    '`REQUEST_TIMEOUT_MS`: then, and with more than `maxItems`, the answer has `nextPageToken` to go on. An item is deleted as it ' +
    'was found: one that changes between being read and being deleted, so that it no longer matches, is deleted as well. Deletes that ' +
    'DynamoDB does not confirm are listed as in a batch, with `deleted` and `nextPageToken`. Needs the right to query or scan and ' +
    '`DeleteItem`.',
  tags: ['Batches'],
  params: TablePath,
  querystring: NoQuery,
  body: Closed(
    {
      maxItems: Type.Integer({
        minimum: 1,
        maximum: 1_000_000,
        description: 'The most items to delete.',
      }),
      ...readFields,
    },
    {
      examples: [
        {
          keyConditionExpression: 'customer = :c',
          filterExpression: '#s = :shipped',
          expressionAttributeNames: { '#s': 'status' },
          expressionAttributeValues: { ':c': 'ada', ':shipped': 'shipped' },
          maxItems: 1000,
        },
      ],
    },
  ),
  response: {
    200: Type.Object(
      {
        deleted: Type.Integer({ description: 'The number of items that were deleted.' }),
        nextPageToken,
      },
      { examples: [{ deleted: 1 }] },
    ),
  },
  errors: [...writeErrors, 'InvalidPageToken', 'BatchIncomplete'],
} satisfies RouteSchema
