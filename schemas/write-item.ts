import * as Type from 'typebox'
import { writeErrors } from './parts/errors.js'
import { Item } from './parts/building-blocks.js'
import { ifMatch, type ItemPath, NoContent } from './parts/item-paths.js'
import { NoQuery } from './parts/paths.js'

export const writeItem = ({ params, suffix, example }: ItemPath) => ({
  operationId: `writeItem${suffix}`,
  summary: 'Write an item at its URL',
  description:
    'PutItem: creates the item, or replaces it as a whole. The body is the item itself; its key may be left out, since ' +
    'it stands in the URL, and must be the same if it is there.',
  tags: ['Items'],
  params,
  querystring: NoQuery,
  headers: Type.Object({
    'if-match': ifMatch,
    'if-none-match': Type.Optional(
      Type.String({
        description: 'Only `*`: do it only if there is no such item, and answer 412 if there is.',
      }),
    ),
  }),
  body: { ...Item('The item.'), examples: [example] },
  response: {
    201: NoContent('Created.'),
    204: NoContent('Replaced.'),
    200: NoContent(
      'Written. Whether it was created or replaced is not known: an answer of DynamoDB was lost on the way.',
    ),
  },
  errors: [...writeErrors, 'ConditionalCheckFailedException'],
})
