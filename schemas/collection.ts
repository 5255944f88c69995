/** Items as collections: those of a table, of a partition, and of a partition of an index. */
import * as Type from 'typebox'
import type { TSchema } from 'typebox'
import { itemPath } from './item-resource.js'
import { nextPageToken } from './parts/answers.js'
import { Closed, Item, ItemOr, NoContent, OneOf } from './parts/building-blocks.js'
import { itemStreams, streamParameters } from './parts/streams.js'
import { TablePath } from './parts/paths.js'
import {
  collectionParameters,
  orderedParameters,
  readHeaders,
  readPreconditions,
} from './parts/read-parameters.js'
import type { RouteSchema } from './parts/route-schema.js'

/** A page of a collection. */
export const Collection = Type.Object(
  {
    items: Type.Array(Item('An item.')),
    count: Type.Integer({ description: 'The number of items.' }),
    nextPageToken,
  },
  { title: 'Collection', description: 'Items, one page of them.' },
)

/** The headers of a page. */
export const collectionHeaders = {
  link: Type.Optional(
    Type.String({
      description:
        'The URL of the next page, relative to that of this one (RFC 8288). Absent on the last page.',
      examples: ['<?limit=1&pageToken=AlGzV7VF0rN3pXq0bBq1oW6H>; rel="next"'],
    }),
  ),
  ...readHeaders,
  // A stream has none.
  etag: Type.Optional(readHeaders.etag),
}

const PAGING =
  'The answer has up to `limit` items, and with more, `nextPageToken` and `Link`. It may have fewer and still have these: ' +
  'it is bounded by 4 MiB and by half of `REQUEST_TIMEOUT_MS`. As a stream, it has every item.'

const shared = {
  tags: ['Items'] as const,
  head: true,
  headers: readPreconditions,
  responseStreams: itemStreams,
  errors: ['InvalidPageToken', 'ResourceNotFoundException', 'ConditionalCheckFailedException'] as const,
}

const notModified = NoContent('The page has an entity tag that `If-None-Match` names.', {
  ...collectionHeaders,
  etag: readHeaders.etag,
})

/** A copy of a schema is not optional any more. */
const withExample = (parameter: TSchema, example: string) =>
  Type.Optional(Type.Unsafe<string>({ ...parameter, examples: [example] }))

const shortItems = withExample(collectionParameters.projection, 'customer,placed')

const localConsistentRead = Type.Optional(
  OneOf(['true', 'false'], {
    title: 'TrueOrFalse',
    description: '`true` for a strongly consistent read, which only local indexes have.',
  }),
)

export const tableCollection = {
  ...shared,
  operationId: 'listItems',
  summary: 'Read the items of a table',
  description: `Scan, in no particular order. ${PAGING}`,
  params: TablePath,
  querystring: Closed({ ...collectionParameters, projection: shortItems, ...streamParameters }),
  response: {
    200: {
      ...Collection,
      headers: collectionHeaders,
      examples: [
        {
          items: [
            { customer: 'grace', placed: '2026-11-07' },
            { customer: 'ada', placed: '2026-11-02' },
            { customer: 'ada', placed: '2026-11-15' },
          ],
          count: 3,
        },
      ],
    },
    304: notModified,
  },
} satisfies RouteSchema

/** An item, or in a table with a sort key the items of a partition. */
export const partition = {
  ...shared,
  operationId: 'readItem',
  summary: 'Read the item at a URL, or the items of a partition',
  description:
    'In a table without a sort key, GetItem: the body is the item itself, its attributes in the order of their names; 404 with the ' +
    'code `ItemNotFound` if it does not exist. In a table with a sort key, Query, in the order of the sort keys: the body ' +
    `is a \`Collection\`. ${PAGING} HEAD answers the same without the body.`,
  params: itemPath.params,
  querystring: Closed({ ...orderedParameters, ...streamParameters }),
  response: {
    200: {
      ...ItemOr(Collection, 'The item, or the items of the partition.'),
      headers: collectionHeaders,
      examples: [itemPath.example],
    },
    304: notModified,
  },
  errors: [...shared.errors, 'ItemNotFound'],
} satisfies RouteSchema

export const indexCollection = {
  ...shared,
  operationId: 'listItemsOfIndex',
  summary: 'Read the items of a partition of an index',
  description: `Query, in the order of the sort keys of the index. ${PAGING}`,
  params: Closed({
    ...TablePath.properties,
    index: Type.String({ minLength: 1, description: 'The name of the index.', examples: ['byStatus'] }),
    partitionKey: Type.String({
      minLength: 1,
      description: 'The value of the partition key of the index, written as in the URL of an item.',
      examples: ['open'],
    }),
  }),
  querystring: Closed({
    ...orderedParameters,
    'sort.begins': withExample(orderedParameters['sort.begins'], '2026-11'),
    order: withExample(orderedParameters.order, 'desc'),
    limit: withExample(orderedParameters.limit, '20'),
    projection: shortItems,
    consistentRead: localConsistentRead,
    ...streamParameters,
  }),
  response: {
    200: {
      ...Collection,
      headers: collectionHeaders,
      examples: [
        {
          items: [
            { customer: 'ada', placed: '2026-11-15' },
            { customer: 'grace', placed: '2026-11-07' },
          ],
          count: 2,
        },
      ],
    },
    304: notModified,
  },
} satisfies RouteSchema
