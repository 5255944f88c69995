import * as Type from 'typebox'
import { writeErrors } from './parts/errors.js'
import { ifMatch, type ItemPath, NoContent } from './parts/item-paths.js'
import { NoQuery } from './parts/paths.js'

export const removeItem = ({ params, suffix }: ItemPath) => ({
  operationId: `removeItem${suffix}`,
  summary: 'Remove the item at a URL',
  description: 'DeleteItem. That there was none is no error, unless `If-Match` says so.',
  tags: ['Items'],
  params,
  querystring: NoQuery,
  headers: Type.Object({ 'if-match': ifMatch }),
  response: { 204: NoContent('There is no such item any more.') },
  errors: [...writeErrors, 'ConditionalCheckFailedException'],
})
