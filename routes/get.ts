import { get as schema } from '../schemas/get.js'
import { members } from '../src/json/reader.js'
import { ProblemError } from '../src/problem/problem.js'
import { operation } from '../src/operations/operation.js'

export const get = operation({
  path: '/v1/tables/:table/get',
  schema,
  name: 'GetItem',
  check: ({ json, names }) => {
    // What was consumed is said here too, where it was asked for.
    if (!names.includes('item')) {
      throw new ProblemError('ItemNotFound', 'There is no item with this key.', { members: members(json) })
    }
  },
})
