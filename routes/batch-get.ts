import { batchGet as schema } from '../schemas/batch-get.js'
import { members } from '../src/json/reader.js'
import { operation } from '../src/operations/operation.js'

export const batchGet = operation({
  path: '/v1/batch/get',
  schema,
  name: 'BatchGetItem',
  call: (storage, input, limits) => storage.batchGet(Object.fromEntries(members(input)), limits),
})
