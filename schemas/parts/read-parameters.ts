/** Query parameters of reads. */
import * as Type from 'typebox'
import { OneOf } from './building-blocks.js'

export const consistentRead = Type.Optional(
  OneOf(['true', 'false'], {
    title: 'TrueOrFalse',
    description: '`true` for a strongly consistent read.',
    examples: ['true'],
  }),
)

export const projection = Type.Optional(
  Type.String({
    description:
      'The attributes to return, separated by commas, such as `status,lines[0].sku`. All attributes by default. ' +
      'Reserved words are allowed. Names that contain white space or one of `, . [ ]` are not.',
  }),
)

/** Of one item. */
export const itemParameters = { consistentRead, projection }

const pageToken = Type.Optional(
  Type.String({
    minLength: 1,
    description: 'The `nextPageToken` of the page before, unchanged. `Link` has the whole URL.',
  }),
)

const limit = Type.Optional(
  Type.String({
    pattern: '^[1-9][0-9]{0,8}$',
    description:
      'The number of items to return: 100 by default and at most 1,000. In a stream, the number of items in all, without ' +
      'limit by default.',
  }),
)

/** Of every collection. */
export const collectionParameters = { limit, projection, consistentRead, pageToken }

const bound = (description: string) => Type.Optional(Type.String({ minLength: 1, description }))

/** Of a collection with an order: the items of one partition. */
export const orderedParameters = {
  'sort.eq': bound(
    'The sort key is equal to this. Written as in a path: text, digits, or base64url without padding.',
  ),
  'sort.lt': bound('The sort key is less than this.'),
  'sort.lte': bound('The sort key is less than this, or equal.'),
  'sort.gt': bound('The sort key is greater than this.'),
  'sort.gte': bound('The sort key is greater than this, or equal; with `sort.lte`, between the two.'),
  'sort.begins': bound('The sort key begins with this.'),
  order: Type.Optional(
    OneOf(['asc', 'desc'], {
      title: 'Order',
      description: 'The order of the sort keys, ascending by default.',
    }),
  ),
  ...collectionParameters,
}

/** The preconditions of a read. */
export const readPreconditions = Type.Object({
  'if-none-match': Type.Optional(
    Type.String({ description: 'Entity tags, or `*`: 304 if one of them matches.' }),
  ),
  'if-match': Type.Optional(
    Type.String({ description: 'Entity tags, or `*`: 412 if none of them matches.' }),
  ),
})

/** The headers of an answer to a read: those for caches. */
export const readHeaders = {
  etag: Type.String({
    description:
      'The entity tag of what is read, in this representation and projection. It is weak for a collection.',
    examples: ['"Kq5sNclPz7QV2-lfIuc6R7oRu0o"'],
  }),
  'cache-control': Type.String({
    description:
      'Only caches of the client itself may store the answer, and must revalidate it before each use.',
    examples: ['private, no-cache'],
  }),
  vary: Type.String({
    description: 'The request headers that select the representation.',
    examples: ['Accept, Content-Type, Origin'],
  }),
}
