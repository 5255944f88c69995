import { removeItem as schema } from '../schemas/remove-item.js'
import { ProblemError } from '../src/problem/problem.js'
import { keyJson, readPathKey } from '../src/items/path-key.js'
import { conditionMembers, conditionOf, itemRoute } from '../src/operations/item-resource.js'

export const removeItem = itemRoute({
  method: 'DELETE',
  schema,
  serve: async ({ headers, params: { table, ...path } }, reply, storage, limits) => {
    const condition = conditionOf(headers)
    if (condition === 'attribute_not_exists') {
      throw new ProblemError('InvalidRequest', 'headers/if-none-match: what is not there cannot be removed')
    }
    await storage.withKeySchema(table, limits, async (keySchema) => {
      const Key = Buffer.from(keyJson(readPathKey(path, keySchema)))
      const request = { TableName: table, ...conditionMembers(condition, keySchema), Key }
      return storage.send('DeleteItem', request, limits)
    })
    return reply.code(204).send()
  },
})
