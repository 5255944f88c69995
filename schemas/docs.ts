import * as Type from 'typebox'
import { NoContent } from './parts/building-blocks.js'
import { NoQuery } from './parts/paths.js'
import type { RouteSchema } from './parts/route-schema.js'

/** Headers of an answer that is a page. */
export const pageHeaders = {
  etag: Type.String({
    description: 'The strong entity tag of the page.',
    examples: ['"3RkLxNv1Rz0JbFzGXn2vV8o6m0m0l8c1ZfWk2b5wQ3E"'],
  }),
  'cache-control': Type.String({
    description: '`no-cache`: caches must revalidate it before each use.',
    examples: ['no-cache'],
  }),
}

/** Headers of a request for a page. */
export const pageRequestHeaders = Type.Object({
  'if-none-match': Type.Optional(
    Type.String({ description: 'Entity tags, or `*`: 304 if one of them matches.' }),
  ),
})

export const docs = {
  operationId: 'docs',
  summary: 'Interactive documentation',
  description: 'A web page to try this API in a browser. The service serves all of its files itself.',
  tags: ['Service'],
  querystring: NoQuery,
  headers: pageRequestHeaders,
  response: {
    200: {
      description: 'The page.',
      headers: pageHeaders,
      content: { 'text/html': { schema: Type.String() } },
    },
    304: NoContent('The page has an entity tag that `If-None-Match` names.', pageHeaders),
  },
} satisfies RouteSchema

/** The files of the page; they are not part of the API. */
export const docsFile = { hide: true, querystring: NoQuery }
