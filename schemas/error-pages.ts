/** The manual of the errors, to which the `type` of every problem leads. */
import * as Type from 'typebox'
import { pageHeaders, pageRequestHeaders } from './docs.js'
import { Closed, NoContent } from './parts/building-blocks.js'
import { NoQuery } from './parts/paths.js'
import type { RouteSchema } from './parts/route-schema.js'

const headers = {
  ...pageHeaders,
  vary: Type.String({
    description: 'The answer depends on these request headers.',
    examples: ['accept'],
  }),
}

const page = (description: string) => ({
  200: {
    description,
    headers,
    content: { 'text/markdown': { schema: Type.String() }, 'text/html': { schema: Type.String() } },
  },
  304: NoContent('The page has an entity tag that `If-None-Match` names.', headers),
})

export const errorPages = {
  operationId: 'errorPages',
  summary: 'All error codes',
  description:
    'Every error code with its meaning, its cause, and what to do next: a web page for browsers, and otherwise Markdown.',
  tags: ['Service'],
  querystring: NoQuery,
  headers: pageRequestHeaders,
  response: page('All codes.'),
} satisfies RouteSchema

export const errorPage = {
  operationId: 'errorPage',
  summary: 'One error code',
  description:
    'The meaning of an error code, its cause, what to do next, and an example. The `type` of a problem leads here, unless ' +
    '`PROBLEM_BASE_URL` is set.',
  tags: ['Service'],
  params: Closed({
    code: Type.String({ description: 'The `code` of a problem.', examples: ['ItemNotFound'] }),
  }),
  querystring: NoQuery,
  headers: pageRequestHeaders,
  response: page('The code.'),
  errors: ['RouteNotFound'],
} satisfies RouteSchema
