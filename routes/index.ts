import type { App } from '../src/fastify.js'
import { batchGet } from './batch-get.js'
import { batchWrite } from './batch-write.js'
import { createTable } from './create-table.js'
import { deleteItem } from './delete.js'
import { deleteTable } from './delete-table.js'
import { describeTable } from './describe-table.js'
import { docs } from './docs.js'
import { get } from './get.js'
import { live, ready } from './health.js'
import { importItems } from './import.js'
import { listTables } from './list-tables.js'
import { openapi } from './openapi.js'
import type { Route } from '../src/operations/operation.js'
import { put } from './put.js'
import { query } from './query.js'
import { readItem } from './read-item.js'
import { removeItem } from './remove-item.js'
import { scan } from './scan.js'
import { transactGet } from './transact-get.js'
import { transactWrite } from './transact-write.js'
import { update } from './update.js'
import { writeItem } from './write-item.js'

const always: readonly Route[] = [
  put,
  get,
  update,
  deleteItem,
  query,
  scan,
  readItem,
  writeItem,
  removeItem,
  batchGet,
  batchWrite,
  importItems,
  transactGet,
  transactWrite,
  listTables,
  describeTable,
  live,
  ready,
  openapi,
  docs,
]

/** Only with `TABLE_ADMIN=true`. */
const tableAdmin: readonly Route[] = [createTable, deleteTable]

/** All routes of the service. */
export async function routes(app: App): Promise<void> {
  for (const route of always) route(app)
  if (app.config.tableAdmin) for (const route of tableAdmin) route(app)
}
