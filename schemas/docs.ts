import * as Type from 'typebox'
import { NoQuery } from './table-path.js'

export const docs = {
  operationId: 'docs',
  summary: 'A page to try this API with',
  description: 'For people with a browser. All that the page needs is served beside it.',
  tags: ['Service'],
  querystring: NoQuery,
  response: {
    200: { description: 'The page.', content: { 'text/html': { schema: Type.String() } } },
    304: Type.Null({ description: 'The page has the entity tag that `If-None-Match` names.' }),
  },
}

/** The files of the page are not for callers of the API. */
export const docsFile = { hide: true, querystring: NoQuery }
