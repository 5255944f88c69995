import { writeItem as schema } from '../schemas/write-item.js'
import type { DynamoDBRequest } from '../src/storage/request.js'
import { ProblemError } from '../src/problem/problem.js'
import { readPathKey, withKey } from '../src/items/path-key.js'
import type { KeySchema } from '../src/storage/tables/key-schemas.js'
import { conditionMembers, conditionOf, itemRoute } from '../src/operations/item-resource.js'

/** What the storage layer says of a put without a condition, as HTTP says it (RFC 9110, section 9.3.4). */
const statuses = { created: 201, replaced: 204, written: 200 } as const

export const writeItem = itemRoute({
  method: 'PUT',
  schema,
  serve: async (request, reply, storage, limits) => {
    const {
      body,
      headers,
      params: { table, ...path },
    } = request
    if (body === undefined) throw new ProblemError('InvalidRequest', 'body must be the item')
    if (headers['content-range'] !== undefined) {
      throw new ProblemError(
        'InvalidRequest',
        'headers/content-range: an item can be written as a whole only',
      )
    }
    const condition = conditionOf(headers)
    const requestFor = (keySchema: KeySchema): DynamoDBRequest => {
      const item = withKey(body, readPathKey(path, keySchema))
      return {
        TableName: table,
        ...(condition === undefined && { ReturnValues: 'ALL_OLD' }),
        ...conditionMembers(condition, keySchema),
        Item: item,
      }
    }
    const written = await storage.withKeySchema(table, limits, async (keySchema) => {
      const input = requestFor(keySchema)
      if (condition === undefined) return storage.putItem(input, limits)
      await storage.send('PutItem', input, limits)
      return condition === 'attribute_exists' ? 'replaced' : 'created'
    })
    return reply.code(statuses[written]).send()
  },
})
