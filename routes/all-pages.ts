import * as schemas from '../schemas/all-pages.js'
import { countRoute } from '../src/operations/count.js'
import { deleteItemsRoute } from '../src/operations/delete-items.js'
import type { Route } from '../src/operations/call.js'

export const allPages: readonly Route[] = [
  countRoute('/v1/tables/:table/count', schemas.count),
  deleteItemsRoute('/v1/tables/:table/delete-items', schemas.deleteItems),
]
