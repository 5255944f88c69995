/**
 * The compiler makes the assertions here, in `npm run types`: each line below `@ts-expect-error` must not compile, and
 * everything else must. The runtime test only keeps the file from being empty.
 */
import t from 'tap'
import * as Type from 'typebox'
import { PageAnswer } from '../../schemas/parts/answers.js'
import { Closed, Item, NoContent } from '../../schemas/parts/building-blocks.js'
import { writeErrors } from '../../schemas/parts/errors.js'
import { importStreams, itemStreams } from '../../schemas/parts/streams.js'
import type { RouteSchema } from '../../schemas/parts/route-schema.js'

const least = {
  operationId: 'read',
  summary: 'Read',
  description: 'Reads.',
  tags: ['Items'],
  response: { 200: PageAnswer },
} satisfies RouteSchema

const accepted = [
  { hide: true, querystring: Closed({}) } satisfies RouteSchema,
  {
    ...least,
    head: true,
    params: Closed({ table: Type.String() }),
    querystring: Closed({}),
    headers: Type.Object({ 'if-match': Type.Optional(Type.String()) }),
    body: Closed({ key: Item('The key.') }, { examples: [{ key: { id: 'a' } }] }),
    bodyStreams: importStreams,
    responseStreams: itemStreams,
    response: {
      200: { ...Item('The item.'), headers: { etag: Type.String() }, examples: [{ id: 'a' }] },
      202: { description: 'A page.', content: { 'text/html': { schema: Type.String() } } },
      304: NoContent('Not modified.', { etag: Type.String() }),
    },
    errors: [...writeErrors, 'ConditionalCheckFailedException'],
  } satisfies RouteSchema,
]

const refused = [
  // @ts-expect-error an unknown tag
  { ...least, tags: ['Item'] } satisfies RouteSchema,
  // @ts-expect-error more than one tag
  { ...least, tags: ['Items', 'Tables'] } satisfies RouteSchema,
  // @ts-expect-error an unknown error code
  { ...least, errors: ['ConditionalCheckFailed'] } satisfies RouteSchema,
  // @ts-expect-error an unknown member
  { ...least, sumary: 'Read' } satisfies RouteSchema,
  // @ts-expect-error an unknown member of an answer
  { ...least, response: { 200: { ...PageAnswer, exmaples: [] } } } satisfies RouteSchema,
  // @ts-expect-error an unknown member of a body
  { ...least, body: { ...Closed({}), exmaples: [] } } satisfies RouteSchema,
  // @ts-expect-error a header that is not a schema
  { ...least, response: { 200: { ...PageAnswer, headers: { etag: 1 } } } } satisfies RouteSchema,
  // @ts-expect-error a status that is not a number
  { ...least, response: { ok: PageAnswer } } satisfies RouteSchema,
  // @ts-expect-error parameters that are not an object
  { ...least, querystring: Type.String() } satisfies RouteSchema,
  // @ts-expect-error a description of a route that is left out
  { hide: true, operationId: 'read' } satisfies RouteSchema,
  // @ts-expect-error no description of a route that is not left out
  { querystring: Closed({}) } satisfies RouteSchema,
]

t.test('a wrong RouteSchema does not compile', async (t) => {
  t.equal(accepted.length, 2)
  t.equal(refused.length, 11)
})
