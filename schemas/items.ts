/** The operations on one item and on pages of items, as `POST` with a JSON body. */
import * as Type from 'typebox'
import { consumedCapacity, PageAnswer, WriteAnswer } from './parts/answers.js'
import { Closed, Expression, Int32, Item, OneOf } from './parts/building-blocks.js'
import { idempotencyErrors, writeErrors } from './parts/errors.js'
import {
  consistentRead,
  expressionAttributeNames,
  projectionExpression,
  readOptions,
  returnConsumedCapacity,
  returnOldValues,
  writeOptions,
} from './parts/expressions.js'
import { idempotencyKey } from './parts/headers.js'
import { itemStreams, streamParameters } from './parts/streams.js'
import { NoQuery, TablePath } from './parts/paths.js'
import type { RouteSchema } from './parts/route-schema.js'

const writeHeaders = Type.Object({ 'idempotency-key': idempotencyKey })

export const put = {
  operationId: 'putItem',
  summary: 'Put an item',
  description: 'PutItem: creates the item, or replaces the whole item with the same key.',
  tags: ['Items'],
  params: TablePath,
  querystring: NoQuery,
  headers: writeHeaders,
  body: Closed(
    {
      item: Item('The item, with its key.'),
      ...writeOptions,
      returnValues: returnOldValues,
    },
    {
      examples: [
        {
          item: {
            customer: 'eve',
            placed: '2026-11-22',
            status: 'open',
            amount: 12.5,
            tags: { $stringSet: ['music'] },
          },
          conditionExpression: 'attribute_not_exists(customer)',
        },
      ],
    },
  ),
  response: { 200: { ...WriteAnswer, examples: [{}] } },
  errors: [...writeErrors, ...idempotencyErrors, 'ConditionalCheckFailedException'],
} satisfies RouteSchema

export const get = {
  operationId: 'getItem',
  summary: 'Get an item',
  description: 'GetItem: reads one item by its key. 404 with the code `ItemNotFound` if it does not exist.',
  tags: ['Items'],
  params: TablePath,
  querystring: NoQuery,
  body: Closed(
    {
      key: Item('The key of the item.'),
      consistentRead,
      projectionExpression,
      expressionAttributeNames,
      returnConsumedCapacity,
    },
    { examples: [{ key: { customer: 'ada', placed: '2026-11-02' }, consistentRead: true }] },
  ),
  response: {
    200: Type.Object(
      { item: Item('The item.'), consumedCapacity },
      {
        examples: [
          {
            item: {
              customer: 'ada',
              placed: '2026-11-02',
              status: 'shipped',
              amount: 129.95,
              tags: { $stringSet: ['books', 'maps'] },
            },
          },
        ],
      },
    ),
  },
  errors: ['ResourceNotFoundException', 'ItemNotFound'],
} satisfies RouteSchema

export const update = {
  operationId: 'updateItem',
  summary: 'Update an item',
  description:
    'UpdateItem: changes attributes of one item, and creates the item if it does not exist. An attribute can be an atomic ' +
    'counter: the update expression `ADD visits :one` loses no increment of another caller.',
  tags: ['Items'],
  params: TablePath,
  querystring: NoQuery,
  headers: writeHeaders,
  body: Closed(
    {
      key: Item('The key of the item.'),
      updateExpression: Type.Optional(
        Expression({
          description: 'The SET, REMOVE, ADD and DELETE actions.',
          examples: ['SET age = age + :one'],
        }),
      ),
      ...writeOptions,
      returnValues: Type.Optional(
        OneOf(['NONE', 'ALL_OLD', 'UPDATED_OLD', 'ALL_NEW', 'UPDATED_NEW'], {
          title: 'ReturnValues',
          description:
            'Which attributes the answer contains: as they were before the write, or as they are after it.',
        }),
      ),
    },
    {
      examples: [
        {
          key: { customer: 'ada', placed: '2026-11-15' },
          updateExpression: 'SET #s = :shipped ADD tags :more',
          conditionExpression: '#s = :open',
          expressionAttributeNames: { '#s': 'status' },
          expressionAttributeValues: {
            ':shipped': 'shipped',
            ':open': 'open',
            ':more': { $stringSet: ['gift'] },
          },
          returnValues: 'UPDATED_NEW',
        },
      ],
    },
  ),
  response: {
    200: {
      ...WriteAnswer,
      examples: [{ attributes: { status: 'shipped', tags: { $stringSet: ['books', 'gift'] } } }],
    },
  },
  errors: [...writeErrors, ...idempotencyErrors, 'ConditionalCheckFailedException'],
} satisfies RouteSchema

export const deleteItem = {
  operationId: 'deleteItem',
  summary: 'Delete an item',
  description: 'DeleteItem: deletes one item. It is not an error if the item does not exist.',
  tags: ['Items'],
  params: TablePath,
  querystring: NoQuery,
  headers: writeHeaders,
  body: Closed(
    {
      key: Item('The key of the item.'),
      ...writeOptions,
      returnValues: returnOldValues,
    },
    {
      examples: [
        {
          key: { customer: 'ada', placed: '2026-11-15' },
          conditionExpression: '#s = :open',
          expressionAttributeNames: { '#s': 'status' },
          expressionAttributeValues: { ':open': 'open' },
          returnValues: 'ALL_OLD',
        },
      ],
    },
  ),
  response: {
    200: {
      ...WriteAnswer,
      examples: [
        {
          attributes: {
            customer: 'ada',
            placed: '2026-11-15',
            status: 'open',
            amount: 18,
            tags: { $stringSet: ['books'] },
          },
        },
      ],
    },
  },
  errors: [...writeErrors, ...idempotencyErrors, 'ConditionalCheckFailedException'],
} satisfies RouteSchema

export const query = {
  operationId: 'query',
  summary: 'Query a table or an index',
  description:
    'Query: the items with one partition key, in the order of their sort keys, one page at a time. To paginate, send the ' +
    '`lastEvaluatedKey` of a page as the `exclusiveStartKey` of the next one. `select` with `COUNT` counts them only.',
  tags: ['Items'],
  params: TablePath,
  querystring: Closed(streamParameters),
  body: Closed(
    {
      keyConditionExpression: Expression({
        description: 'The partition key, and optionally a range of sort keys.',
        examples: ['customer = :c AND begins_with(placed, :year)'],
      }),
      ...readOptions,
      scanIndexForward: Type.Optional(Type.Boolean({ description: '`false` for descending order.' })),
    },
    {
      examples: [
        {
          keyConditionExpression: 'customer = :c AND begins_with(placed, :year)',
          expressionAttributeValues: { ':c': 'ada', ':year': '2026' },
          projectionExpression: 'placed, amount',
          scanIndexForward: false,
          limit: 1,
        },
      ],
    },
  ),
  response: {
    200: {
      ...PageAnswer,
      examples: [
        {
          items: [{ placed: '2026-11-15', amount: 18 }],
          count: 1,
          scannedCount: 1,
          lastEvaluatedKey: { customer: 'ada', placed: '2026-11-15' },
        },
      ],
    },
  },
  responseStreams: itemStreams,
  errors: ['ResourceNotFoundException'],
} satisfies RouteSchema

export const scan = {
  operationId: 'scan',
  summary: 'Scan a table or an index',
  description:
    'Scan: every item, one page at a time. To paginate, send the `lastEvaluatedKey` of a page as the `exclusiveStartKey` of ' +
    'the next one. With `segment` and `totalSegments` several callers can each read a part of the table.',
  tags: ['Items'],
  params: TablePath,
  querystring: Closed(streamParameters),
  body: Closed(
    {
      ...readOptions,
      segment: Type.Optional(Int32({ minimum: 0, description: 'The segment to read, counted from 0.' })),
      totalSegments: Type.Optional(Int32({ minimum: 1, description: 'The number of segments.' })),
    },
    {
      examples: [
        {
          filterExpression: 'amount > :least',
          expressionAttributeValues: { ':least': 100 },
          projectionExpression: 'customer, placed',
        },
      ],
    },
  ),
  response: {
    200: {
      ...PageAnswer,
      examples: [
        {
          items: [
            { customer: 'grace', placed: '2026-11-07' },
            { customer: 'ada', placed: '2026-11-02' },
          ],
          count: 2,
          scannedCount: 3,
        },
      ],
    },
  },
  responseStreams: itemStreams,
  errors: ['ResourceNotFoundException'],
} satisfies RouteSchema
