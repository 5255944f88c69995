import * as Type from 'typebox'
import { WritesAnswer } from './parts/answers.js'
import { writeErrors } from './parts/errors.js'
import {
  conditionExpression,
  expressionAttributeNames,
  expressionAttributeValues,
  returnConsumedCapacity,
  returnItemCollectionMetrics,
  returnValuesOnConditionCheckFailure,
} from './parts/expressions.js'
import { Closed, ExactlyOne, Item } from './parts/building-blocks.js'
import { NoQuery } from './parts/paths.js'

const options = {
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
    'TransactWriteItems: all of it is done, or nothing. A transaction that was sent again with the same ' +
    '`clientRequestToken` within ten minutes is applied once. The service makes a token for each call that ' +
    'brings none, so that its own retries are safe.',
  tags: ['Transactions'],
  querystring: NoQuery,
  headers: Type.Object({
    'idempotency-key': Type.Optional(
      Type.String({ description: 'Another way to send the `clientRequestToken`.' }),
    ),
  }),
  body: Closed(
    {
      transactItems: Type.Array(
        ExactlyOne(
          {
            put: Closed(
              {
                item: Item('The item, with its key.'),
                ...options,
                conditionExpression: Type.Optional(conditionExpression),
              },
              { title: 'Put' },
            ),
            update: Closed(
              {
                key,
                ...options,
                updateExpression: Type.String({ description: 'What to SET, REMOVE, ADD and DELETE.' }),
                conditionExpression: Type.Optional(conditionExpression),
              },
              { title: 'Update' },
            ),
            delete: Closed(
              {
                key,
                ...options,
                conditionExpression: Type.Optional(conditionExpression),
              },
              { title: 'Delete' },
            ),
            conditionCheck: Closed({ key, ...options, conditionExpression }, { title: 'ConditionCheck' }),
          },
          {
            title: 'TransactWriteItem',
            description: 'One write, or one condition on an item that is not written.',
          },
        ),
        { minItems: 1 },
      ),
      clientRequestToken: Type.Optional(Type.String({ description: 'At most 36 characters.' })),
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
      headers: {
        'idempotency-key': Type.Optional(
          Type.String({
            description:
              'The token that the service made, or the one of the request’s header. The transaction is safe to send ' +
              'again with it.',
          }),
        ),
      },
      examples: [{}],
    },
  },
  errors: [
    ...writeErrors,
    'TransactionCanceledException',
    'TransactionInProgressException',
    'IdempotentParameterMismatchException',
  ],
}
