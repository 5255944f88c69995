import { batchWrite as schema } from '../schemas/batch-write.js'
import { members } from '../src/json/reader.js'
import { operation } from '../src/operations/operation.js'

export const batchWrite = operation({
  path: '/v1/batch/write',
  schema,
  name: 'BatchWriteItem',
  call: (storage, input, limits) => storage.batchWrite(Object.fromEntries(members(input)), limits),
})
