import * as schemas from '../schemas/items.js'
import { members } from '../src/json/parts.js'
import { operation } from '../src/operations/operation.js'
import { pageOperation } from '../src/operations/page-operation.js'
import type { Route } from '../src/operations/call.js'
import { ProblemError } from '../src/problem/problem-error.js'

export const items: readonly Route[] = [
  operation({ path: '/v1/tables/:table/put', schema: schemas.put, operation: 'PutItem' }),
  operation({
    path: '/v1/tables/:table/get',
    schema: schemas.get,
    operation: 'GetItem',
    check: ({ json, names }) => {
      if (names.includes('item')) return
      // Its members are the consumed capacity, if the caller asked for it.
      throw new ProblemError('ItemNotFound', 'No item has this key.', { members: members(json) })
    },
  }),
  operation({ path: '/v1/tables/:table/update', schema: schemas.update, operation: 'UpdateItem' }),
  operation({ path: '/v1/tables/:table/delete', schema: schemas.deleteItem, operation: 'DeleteItem' }),
  pageOperation({ path: '/v1/tables/:table/query', schema: schemas.query, operation: 'Query' }),
  pageOperation({ path: '/v1/tables/:table/scan', schema: schemas.scan, operation: 'Scan' }),
]
