import { hash } from 'node:crypto'
import { readItem as schema } from '../schemas/read-item.js'
import { isKnown, isOther } from '../src/http/entity-tags.js'
import { isPercentEncoded } from '../src/http/percent-encoding.js'
import { ProblemError } from '../src/problem/problem.js'
import { readItem as readAnswer } from '../src/items/body.js'
import { document } from '../src/items/representation.js'
import { keyJson, readPathKey } from '../src/items/path-key.js'
import { projectionMembers } from '../src/items/projection.js'
import type { DynamoDBRequest } from '../src/storage/request.js'
import { itemRoute, type ItemRequest } from '../src/operations/item-resource.js'

/** `GET`, and `HEAD`, which Fastify makes from it. */
export const readItem = itemRoute({
  method: 'GET',
  schema,
  serve: async (request, reply, storage, limits) => {
    // Of errors too: that there is no item is as soon untrue.
    reply.header('cache-control', 'no-cache').header('vary', 'Accept, Content-Type')
    const { table, ...path } = request.params
    const representation = request.representation?.answer ?? document
    const parameters = { TableName: table, ...readOptions(request) }
    const output = await storage.withKeySchema(table, limits, async (keySchema) => {
      const Key = Buffer.from(keyJson(readPathKey(path, keySchema)))
      return storage.send('GetItem', { ...parameters, Key }, limits)
    })
    const item = readAnswer(output, 'Item', representation)
    if (item === undefined) throw new ProblemError('ItemNotFound', 'There is no item with this key.')
    const tag = `"${hash('sha1', item, 'base64url')}"`
    if (isOther(tag, request.headers)) {
      throw new ProblemError(
        'ConditionalCheckFailedException',
        'The item has none of the entity tags in headers/if-match.',
      )
    }
    reply.header('etag', tag).header('content-type', representation.mediaType)
    if (!isKnown(tag, request.headers)) return reply.send(item)
    // The length in the answer to HEAD is that of the item, or there must be none (RFC 9110, section 8.6).
    return reply.code(304).send(request.method === 'HEAD' ? item : undefined)
  },
})

/** The query parameters as members of DynamoDB's request. */
function readOptions({ query: { consistentRead, projection }, url }: ItemRequest): DynamoDBRequest {
  if (projection !== undefined && !isPercentEncoded(url.slice(url.indexOf('?')))) {
    // It would stand here as it is, and be taken for the name of another attribute.
    throw new ProblemError('InvalidRequest', 'querystring is not percent-encoded UTF-8')
  }
  return {
    ...(consistentRead === 'true' && { ConsistentRead: true }),
    ...(projection !== undefined && projectionMembers(projection)),
  }
}
