/** PartiQL statements. */
import * as Type from 'typebox'
import { nextPageToken } from './parts/answers.js'
import { AttributeValue, Closed, Int32, Item } from './parts/building-blocks.js'
import { idempotencyErrors, writeErrors } from './parts/errors.js'
import {
  clientRequestToken,
  consistentRead,
  returnValuesOnConditionCheckFailure,
} from './parts/expressions.js'
import { transactionAnswerHeaders, transactionHeaders } from './parts/headers.js'
import { NoQuery } from './parts/paths.js'
import type { RouteSchema } from './parts/route-schema.js'

/** DynamoDB's own limits (API Reference, ExecuteStatement); each parameter has a `?` of its own, and what separates it. */
const statement = Type.String({
  minLength: 1,
  maxLength: 8192,
  description:
    'One statement: `SELECT`, `INSERT INTO`, `UPDATE` or `DELETE FROM`. Names of tables, indexes and attributes with other ' +
    'characters than letters, digits and `_` are in double quotes, strings in single quotes. Comments are not taken.',
})
const parameters = Type.Optional(
  Type.Array(AttributeValue('The value of a `?`.'), {
    minItems: 1,
    maxItems: 4096,
    title: 'StatementParameters',
    description: 'The values of the `?` in the statement, in their order.',
  }),
)

export const execute = {
  operationId: 'executeStatement',
  summary: 'Run a PartiQL statement',
  description:
    'ExecuteStatement: reads a page of items with `SELECT`, or writes one item with `INSERT`, `UPDATE` or `DELETE`. A `SELECT` reads the whole ' +
    'table, page by page, unless its `WHERE` clause has `=` or `IN` for the partition key. A statement that writes is sent ' +
    'once: if it is unknown whether it was applied, the problem says so.',
  tags: ['Statements'],
  querystring: NoQuery,
  body: Closed(
    {
      statement,
      parameters,
      consistentRead,
      limit: Type.Optional(
        Int32({ minimum: 1, description: 'The maximum number of items to read, before the filter.' }),
      ),
      pageToken: Type.Optional(
        Type.String({
          minLength: 1,
          description:
            'The `nextPageToken` of the page before, unchanged. It belongs to the statement and its parameters.',
        }),
      ),
      returnValuesOnConditionCheckFailure,
    },
    {
      examples: [
        {
          statement: 'SELECT placed, amount FROM "Orders" WHERE customer = ? AND placed >= ?',
          parameters: ['ada', '2026-11-10'],
        },
      ],
    },
  ),
  response: {
    200: Type.Object(
      {
        items: Type.Array(Item('An item.'), {
          description:
            'What a `SELECT` has found; of a write, the item that its `RETURNING` clause asks for.',
        }),
        nextPageToken,
      },
      { examples: [{ items: [{ placed: '2026-11-15', amount: 18 }] }] },
    ),
  },
  errors: [...writeErrors, 'InvalidPageToken', 'ConditionalCheckFailedException', 'DuplicateItemException'],
} satisfies RouteSchema

export const StatementResponses = Type.Array(
  Type.Object(
    {
      item: Type.Optional(Item('The item that was read, or that a `RETURNING` clause asks for.')),
      tableName: Type.Optional(Type.String()),
      error: Type.Optional(
        Type.Object(
          {
            code: Type.String({
              description:
                'DynamoDB’s, such as `ConditionalCheckFailed`, `DuplicateItem` or `ValidationError`. In a problem, also ' +
                '`NotExecuted` and `UnknownOutcome`.',
            }),
            message: Type.Optional(Type.String()),
            item: Type.Optional(
              Item('The item that failed the condition check, if the statement asked for it.'),
            ),
          },
          { title: 'StatementError', description: 'Why the statement was not executed.' },
        ),
      ),
    },
    { title: 'StatementResponse', description: 'The answer to one statement.' },
  ),
  { title: 'StatementResponses', description: 'One answer for each statement of a batch, in their order.' },
)

export const batchExecute = {
  operationId: 'batchExecuteStatement',
  summary: 'Run many PartiQL statements',
  description:
    'BatchExecuteStatement for up to `MAX_BATCH_ENTRIES` statements, either all `SELECT` or all writes. Each is about one item, whose whole ' +
    'key it names. Different statements have at most 1,048,576 characters together. They are independent of each other, sent in requests of 25, and those that DynamoDB throttled are sent again. ' +
    'The answer is 200 even if statements failed: `error` says which, and why. If a whole request fails, the answer is a ' +
    'problem, whose `statementResponses` tell of each statement what became of it.',
  tags: ['Batches'],
  querystring: NoQuery,
  body: Closed(
    {
      statements: Type.Array(
        Closed(
          { statement, parameters, consistentRead, returnValuesOnConditionCheckFailure },
          { title: 'BatchStatement' },
        ),
        { minItems: 1 },
      ),
    },
    {
      examples: [
        {
          statements: [
            {
              statement: 'SELECT amount FROM "Orders" WHERE customer = ? AND placed = ?',
              parameters: ['ada', '2026-11-15'],
            },
            {
              statement: 'SELECT amount FROM "Orders" WHERE customer = ? AND placed = ?',
              parameters: ['nobody', '2026-11-15'],
            },
          ],
        },
      ],
    },
  ),
  response: {
    200: Type.Object(
      { responses: StatementResponses },
      {
        examples: [{ responses: [{ tableName: 'Orders', item: { amount: 18 } }, { tableName: 'Orders' }] }],
      },
    ),
  },
  errors: [...writeErrors, 'BatchIncomplete'],
} satisfies RouteSchema

export const transact = {
  operationId: 'executeTransaction',
  summary: 'Run PartiQL statements in one transaction',
  description:
    'ExecuteTransaction: all statements are executed, or none. They are either all `SELECT` or all writes; ' +
    '`EXISTS(SELECT … WHERE …)` beside writes is a condition on an item that is not written. Each names the whole key of its item. A ' +
    'transaction that is sent again with the same `clientRequestToken` within ten minutes is applied once. The service ' +
    'generates a token for a request without one, so that its own retries are safe.',
  tags: ['Transactions'],
  querystring: NoQuery,
  headers: transactionHeaders,
  body: Closed(
    {
      transactStatements: Type.Array(
        Closed(
          { statement, parameters, returnValuesOnConditionCheckFailure },
          { title: 'TransactStatement' },
        ),
        { minItems: 1, maxItems: 100 },
      ),
      clientRequestToken,
    },
    {
      examples: [
        {
          transactStatements: [
            {
              statement: 'UPDATE "Orders" SET "status" = ? WHERE customer = ? AND placed = ?',
              parameters: ['shipped', 'ada', '2026-11-15'],
            },
            {
              statement: "INSERT INTO \"Orders\" VALUE {'customer': ?, 'placed': ?, 'amount': ?}",
              parameters: ['ada', '2026-11-24', 12.5],
            },
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
            { item: Type.Optional(Item('The item that was read; absent if it does not exist.')) },
            { title: 'TransactStatementResponse', description: 'The answer to one statement.' },
          ),
          { description: 'One answer for each `SELECT`, in their order.' },
        ),
      },
      { headers: transactionAnswerHeaders, examples: [{ responses: [] }] },
    ),
  },
  errors: [...writeErrors, 'TransactionCanceledException', ...idempotencyErrors],
} satisfies RouteSchema
