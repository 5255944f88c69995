import * as Type from 'typebox'
import { Closed, Item, OneOf } from './parts/building-blocks.js'
import { type ItemPath, NoContent } from './parts/item-paths.js'

/** What a cache keeps of an answer. */
const headers = {
  etag: Type.String({
    description: 'A strong entity tag of the content in this representation and projection.',
    examples: ['"Kq5sNclPz7QV2-lfIuc6R7oRu0o"'],
  }),
  'cache-control': Type.String({
    description: '`no-cache`: to be kept, but asked about before each use.',
    examples: ['no-cache'],
  }),
  vary: Type.String({
    description: 'The request headers that choose the representation.',
    examples: ['Accept, Content-Type'],
  }),
}

export const readItem = ({ params, suffix, example }: ItemPath) => ({
  operationId: `readItem${suffix}`,
  summary: 'Read an item by its URL',
  description:
    'GetItem: the item itself is the body, its attributes in the order of their names. 404 with the code ' +
    '`ItemNotFound` if there is none. HEAD answers the same without the body.',
  tags: ['Items'],
  head: true,
  params,
  querystring: Closed({
    consistentRead: Type.Optional(
      OneOf(['true', 'false'], {
        title: 'TrueOrFalse',
        description: '`true` for a strongly consistent read.',
        examples: ['true'],
      }),
    ),
    projection: Type.Optional(
      Type.String({
        description:
          'The attributes to return, separated by commas, such as `status,lines[0].sku`; all of them without it. ' +
          'Reserved words are names like any other. Names with white space or one of `, . [ ]` cannot stand here.',
      }),
    ),
  }),
  headers: Type.Object({
    'if-none-match': Type.Optional(
      Type.String({
        description: 'Entity tags, or `*`: 304 if the item has one of them.',
      }),
    ),
    'if-match': Type.Optional(
      Type.String({
        description: 'Entity tags, or `*`: 412 if the item has none of them.',
      }),
    ),
  }),
  response: {
    200: { ...Item('The item.'), headers, examples: [example] },
    304: NoContent('The item has an entity tag that `If-None-Match` names.', headers),
  },
  errors: ['ResourceNotFoundException', 'ItemNotFound', 'ConditionalCheckFailedException'],
})
