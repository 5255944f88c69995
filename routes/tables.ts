import * as schemas from '../schemas/tables.js'
import { describeTimeToLive, updateTimeToLive } from '../schemas/time-to-live.js'
import { maySee } from '../src/access/authorize.js'
import type { OptionalRoute } from '../src/http/unmatched-routes.js'
import { operation } from '../src/operations/operation.js'
import type { Route } from '../src/operations/call.js'

export const tables: readonly Route[] = [
  operation({
    method: 'GET',
    path: '/v1/tables',
    schema: schemas.listTables,
    operation: 'ListTables',
    parameters: ({ request: { query } }) => ({
      Limit: query['limit'] === undefined ? undefined : Number(query['limit']),
      ExclusiveStartTableName: query['exclusiveStartTableName'],
    }),
    // The answer has the tables that the caller may see.
    permit: () => undefined,
    send: ({ caller, services: { storage }, limits }, request) =>
      caller === undefined
        ? storage.send('ListTables', request, limits)
        : storage.listTables(request, limits, (table) => maySee(caller, table)),
  }),
  operation({
    method: 'GET',
    path: '/v1/tables/:table',
    schema: schemas.describeTable,
    operation: 'DescribeTable',
  }),
  operation({
    method: 'GET',
    path: '/v1/tables/:table/time-to-live',
    schema: describeTimeToLive,
    operation: 'DescribeTimeToLive',
  }),
]

/** Only with `TABLE_ADMIN=true`. */
export const tableAdmin: readonly Route[] = [
  operation({ path: '/v1/tables', schema: schemas.createTable, operation: 'CreateTable' }),
  operation({
    method: 'PATCH',
    path: '/v1/tables/:table',
    schema: schemas.updateTable,
    operation: 'UpdateTable',
    send: ({ services: { storage }, limits }, request) => storage.changeKeys('UpdateTable', request, limits),
  }),
  operation({
    method: 'DELETE',
    path: '/v1/tables/:table',
    schema: schemas.deleteTable,
    operation: 'DeleteTable',
    send: ({ services: { storage }, limits }, request) => storage.changeKeys('DeleteTable', request, limits),
  }),
  operation({
    method: 'PUT',
    path: '/v1/tables/:table/time-to-live',
    schema: updateTimeToLive,
    operation: 'UpdateTimeToLive',
  }),
]

/** What a caller is told who uses table administration without the setting. */
export const optionalTableRoutes: readonly OptionalRoute[] = [
  { method: 'POST', url: '/v1/tables', setting: 'TABLE_ADMIN=true' },
  { method: 'PATCH', url: '/v1/tables/:table', setting: 'TABLE_ADMIN=true' },
  { method: 'DELETE', url: '/v1/tables/:table', setting: 'TABLE_ADMIN=true' },
  { method: 'PUT', url: '/v1/tables/:table/time-to-live', setting: 'TABLE_ADMIN=true' },
]
