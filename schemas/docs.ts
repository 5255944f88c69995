import * as Type from 'typebox'
import { NoContent } from './parts/item-paths.js'
import { NoQuery } from './parts/paths.js'

const headers = {
  etag: Type.String({
    description: 'A strong entity tag of the page.',
    examples: ['"3RkLxNv1Rz0JbFzGXn2vV8o6m0m0l8c1ZfWk2b5wQ3E"'],
  }),
  'cache-control': Type.String({
    description: '`no-cache`: to be kept, but asked about before each use.',
    examples: ['no-cache'],
  }),
}

export const docs = {
  operationId: 'docs',
  summary: 'A page to try this API with',
  description: 'For people with a browser. All that the page needs is served beside it.',
  tags: ['Service'],
  querystring: NoQuery,
  headers: Type.Object({
    'if-none-match': Type.Optional(
      Type.String({ description: 'Entity tags, or `*`: 304 if the page has one of them.' }),
    ),
  }),
  response: {
    200: { description: 'The page.', headers, content: { 'text/html': { schema: Type.String() } } },
    304: NoContent('The page has an entity tag that `If-None-Match` names.', headers),
  },
}

/** The files of the page are not for callers of the API. */
export const docsFile = { hide: true, querystring: NoQuery }
