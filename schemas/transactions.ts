/** Several items, all or nothing. */
import * as Type from 'typebox'
import { consumedCapacities, WritesAnswer } from './parts/answers.js'
import { Closed, ExactlyOne, Expression, Item } from './parts/building-blocks.js'
import { idempotencyErrors, writeErrors } from './parts/errors.js'
import {
  clientRequestToken,
  conditionExpression,
  expressionAttributeNames,
  expressionAttributeValues,
  projectionExpression,
  returnConsumedCapacity,
  returnItemCollectionMetrics,
  returnValuesOnConditionCheckFailure,
} from './parts/expressions.js'
import { transactionAnswerHeaders, transactionHeaders } from './parts/headers.js'
import { NoQuery } from './parts/paths.js'
import type { RouteSchema } from './parts/route-schema.js'

export const transactGet = {
  operationId: 'transactGetItems',
  summary: 'Get items in one transaction',
  description:
    'TransactGetItems: reads several items as of one moment. The answer has one entry for each entry of the request.',
  tags: ['Transactions'],
  querystring: NoQuery,
  body: Closed(
    {
      transactItems: Type.Array(
        Closed(
          {
            get: Closed(
              {
                tableName: Type.String(),
                key: Item('The key of the item.'),
                projectionExpression,
                expressionAttributeNames,
              },
              { title: 'Get' },
            ),
          },
          { title: 'TransactGetItem' },
        ),
        { minItems: 1, maxItems: 100 },
      ),
      returnConsumedCapacity,
    },
    {
      examples: [
        {
          transactItems: [
            {
              get: {
                tableName: 'Orders',
                key: { customer: 'ada', placed: '2026-11-02' },
                projectionExpression: 'amount',
              },
            },
            { get: { tableName: 'Orders', key: { customer: 'nobody', placed: '2026-11-02' } } },
          ],
        },
      ],
    },
  ),
  response: {
    200: Type.Object(
      {
        responses: Type.Array(
          Type.Object(
            { item: Type.Optional(Item('The item; absent if it does not exist.')) },
            { title: 'ItemResponse', description: 'The answer to one entry.' },
          ),
        ),
        consumedCapacity: consumedCapacities,
      },
      { examples: [{ responses: [{ item: { amount: 129.95 } }, {}] }] },
    ),
  },
  errors: ['ResourceNotFoundException', 'TransactionCanceledException'],
} satisfies RouteSchema

const targetOptions = {
  tableName: Type.String(),
  expressionAttributeNames,
  expressionAttributeValues,
  returnValuesOnConditionCheckFailure,
}
const key = Item('The key of the item.')

export const transactWrite = {
  operationId: 'transactWriteItems',
  summary: 'Write items in one transaction',
  description:
    'TransactWriteItems: all writes are applied, or none. A transaction that is sent again with the same ' +
    '`clientRequestToken` within ten minutes is applied once. The service generates a token for a request without ' +
    'one, so that its own retries are safe.',
  tags: ['Transactions'],
  querystring: NoQuery,
  headers: transactionHeaders,
  body: Closed(
    {
      transactItems: Type.Array(
        ExactlyOne(
          {
            put: Closed(
              {
                item: Item('The item, with its key.'),
                ...targetOptions,
                conditionExpression: Type.Optional(conditionExpression),
              },
              { title: 'Put' },
            ),
            update: Closed(
              {
                key,
                ...targetOptions,
                updateExpression: Expression({ description: 'The SET, REMOVE, ADD and DELETE actions.' }),
                conditionExpression: Type.Optional(conditionExpression),
              },
              { title: 'Update' },
            ),
            delete: Closed(
              {
                key,
                ...targetOptions,
                conditionExpression: Type.Optional(conditionExpression),
              },
              { title: 'Delete' },
            ),
            conditionCheck: Closed(
              { key, ...targetOptions, conditionExpression },
              { title: 'ConditionCheck' },
            ),
          },
          {
            title: 'TransactWriteItem',
            description: 'One write, or a condition on an item that is not written.',
          },
        ),
        { minItems: 1, maxItems: 100 },
      ),
      clientRequestToken,
      returnConsumedCapacity,
      returnItemCollectionMetrics,
    },
    {
      examples: [
        {
          transactItems: [
            {
              update: {
                tableName: 'Orders',
                key: { customer: 'ada', placed: '2026-11-15' },
                updateExpression: 'SET #s = :shipped',
                conditionExpression: '#s = :open',
                expressionAttributeNames: { '#s': 'status' },
                expressionAttributeValues: { ':shipped': 'shipped', ':open': 'open' },
              },
            },
            { put: { tableName: 'Orders', item: { customer: 'ada', placed: '2026-11-23', status: 'open' } } },
          ],
        },
      ],
    },
  ),
  response: {
    200: {
      ...WritesAnswer,
      headers: transactionAnswerHeaders,
      examples: [{}],
    },
  },
  errors: [...writeErrors, 'TransactionCanceledException', ...idempotencyErrors],
} satisfies RouteSchema
