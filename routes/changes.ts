import { changes as schema } from '../schemas/changes.js'
import { sendChanges } from '../src/operations/change-feed.js'
import {
  changesRequest,
  changesTargets,
  negotiateChanges,
  permitChanges,
  subscribe,
} from '../src/operations/changes.js'
import { apiRoute } from '../src/operations/serve.js'

/** Fastify adds HEAD to GET. */
export const changes = apiRoute({
  method: 'GET',
  path: '/v1/tables/:table/changes',
  schema,
  operation: 'GetRecords',
  pool: 'subscribers',
  negotiate: negotiateChanges,
  itemAction: 'GetRecords',
  request: changesRequest,
  targets: changesTargets,
  permit: permitChanges,
  send: subscribe,
  answer: sendChanges,
})
