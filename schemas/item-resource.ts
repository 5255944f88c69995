/** One item as a resource: its two URLs, and what its methods take and answer. */
import * as Type from 'typebox'
import type { TObject } from 'typebox'
import { Closed, Item, NoContent } from './parts/building-blocks.js'
import { idempotencyErrors, writeErrors } from './parts/errors.js'
import { idempotencyKey } from './parts/headers.js'
import { NoQuery, TablePath } from './parts/paths.js'
import { itemParameters, readHeaders, readPreconditions } from './parts/read-parameters.js'
import type { RouteSchema } from './parts/route-schema.js'

const partitionKey = Type.String({
  minLength: 1,
  description:
    'The value of the partition key, percent-encoded: an S as text, an N as its digits, a B as base64url without padding.',
  examples: ['ada'],
})

const sortKey = Type.String({
  minLength: 1,
  description: 'The value of the sort key, written like the partition key.',
  examples: ['2026-11-02'],
})

/** One of the two URLs of an item. */
export interface ItemPath {
  readonly url: `/v1/${string}`
  readonly params: TObject
  /** Appended to the name of each operation. */
  readonly suffix: string
  /** An item at such a URL. */
  readonly example: object
}

/** In tables without a sort key. */
export const itemPath: ItemPath = {
  url: '/v1/tables/:table/items/:partitionKey',
  params: Closed({ table: { ...TablePath.properties.table, examples: ['Customers'] }, partitionKey }),
  suffix: '',
  example: { customer: 'ada', name: 'Ada Lovelace', points: 1815 },
}

/** In tables with a sort key. */
export const itemPathWithSortKey: ItemPath = {
  url: '/v1/tables/:table/items/:partitionKey/:sortKey',
  params: Closed({ ...TablePath.properties, partitionKey, sortKey }),
  suffix: 'WithSortKey',
  example: {
    amount: 129.95,
    customer: 'ada',
    placed: '2026-11-02',
    status: 'shipped',
    tags: { $stringSet: ['books', 'maps'] },
  },
}

export const itemPaths: readonly ItemPath[] = [itemPath, itemPathWithSortKey]

/** `If-Match` of a write. The route refuses any value but `*`, and says what to use instead. */
const ifMatch = Type.Optional(
  Type.String({
    description: 'Only `*`: write only if the item exists, otherwise answer 412.',
  }),
)

export const getItemResource = ({ params, suffix, example }: ItemPath) =>
  ({
    operationId: `readItem${suffix}`,
    summary: 'Read the item at a URL',
    description:
      'GetItem: the body is the item itself, its attributes in the order of their names. 404 with the code ' +
      '`ItemNotFound` if it does not exist. HEAD answers the same without the body.',
    tags: ['Items'],
    head: true,
    params,
    querystring: Closed(itemParameters),
    headers: readPreconditions,
    response: {
      200: { ...Item('The item.'), headers: readHeaders, examples: [example] },
      304: NoContent('The item has an entity tag that `If-None-Match` names.', readHeaders),
    },
    errors: ['ResourceNotFoundException', 'ItemNotFound', 'ConditionalCheckFailedException'],
  }) satisfies RouteSchema

export const putItemResource = ({ params, suffix, example }: ItemPath) =>
  ({
    operationId: `writeItem${suffix}`,
    summary: 'Write an item at its URL',
    description:
      'PutItem: creates the item, or replaces the whole item. The body is the item itself. Its key may be left out, since ' +
      'the URL has it, and must be the same if it is present.',
    tags: ['Items'],
    params,
    querystring: NoQuery,
    headers: Type.Object({
      'if-match': ifMatch,
      'idempotency-key': idempotencyKey,
      'if-none-match': Type.Optional(
        Type.String({
          description: 'Only `*`: write only if the item does not exist, otherwise answer 412.',
        }),
      ),
    }),
    body: { ...Item('The item.'), examples: [example] },
    response: {
      201: NoContent('Created.'),
      204: NoContent('Replaced.'),
      200: NoContent(
        'Written. Whether it was created or replaced is unknown, because an answer of DynamoDB was lost, or because the ' +
          'request has an `Idempotency-Key`.',
      ),
    },
    errors: [...writeErrors, ...idempotencyErrors, 'ConditionalCheckFailedException'],
  }) satisfies RouteSchema

export const deleteItemResource = ({ params, suffix }: ItemPath) =>
  ({
    operationId: `removeItem${suffix}`,
    summary: 'Delete the item at a URL',
    description: 'DeleteItem. It is not an error if the item does not exist, unless `If-Match` is sent.',
    tags: ['Items'],
    params,
    querystring: NoQuery,
    headers: Type.Object({ 'if-match': ifMatch, 'idempotency-key': idempotencyKey }),
    response: { 204: NoContent('Deleted.') },
    errors: [...writeErrors, ...idempotencyErrors, 'ConditionalCheckFailedException'],
  }) satisfies RouteSchema
