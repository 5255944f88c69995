import {
  deleteItemResource,
  getItemResource,
  itemPaths,
  itemPathWithSortKey,
  patchItemResource,
  putItemResource,
} from '../schemas/item-resource.js'
import { answerPatch, patchRequest, sendPatch } from '../src/operations/item-patch.js'
import {
  answerDelete,
  answerGet,
  answerPut,
  deleteRequest,
  getRequest,
  putRequest,
  sendPut,
} from '../src/operations/item-resource.js'
import type { Route } from '../src/operations/call.js'
import { apiRoute } from '../src/operations/serve.js'
import { sendSingleWrite } from '../src/operations/single-write.js'

/** With a sort key. Without one, the URL may be that of a collection: see `collection.ts`. Fastify adds HEAD to GET. */
const readItem = apiRoute({
  method: 'GET',
  path: itemPathWithSortKey.url,
  schema: getItemResource(itemPathWithSortKey),
  operation: 'GetItem',
  itemAction: 'GetItem',
  request: getRequest,
  send: ({ services: { storage }, limits }, request) => storage.answer('GetItem', request, limits),
  answer: answerGet,
})

/** In tables without and with a sort key. */
const writeItem = itemPaths.flatMap((path) => [
  apiRoute({
    method: 'PUT',
    path: path.url,
    schema: putItemResource(path),
    operation: 'PutItem',
    itemAction: 'PutItem',
    request: putRequest,
    send: sendPut,
    answer: answerPut,
  }),
  apiRoute({
    method: 'PATCH',
    path: path.url,
    schema: patchItemResource(path),
    operation: 'UpdateItem',
    itemAction: 'UpdateItem',
    request: patchRequest,
    send: sendPatch,
    answer: answerPatch,
  }),
  apiRoute({
    method: 'DELETE',
    path: path.url,
    schema: deleteItemResource(path),
    operation: 'DeleteItem',
    itemAction: 'DeleteItem',
    request: deleteRequest,
    send: sendSingleWrite('DeleteItem'),
    answer: answerDelete,
  }),
])

export const itemResource: readonly Route[] = [readItem, ...writeItem]
