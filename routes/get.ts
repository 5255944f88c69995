import { get as schema } from '../schemas/get.js'
import { ProblemError } from '../src/problem.js'
import { operation } from './operation.js'

export const get = operation({
  path: '/v1/tables/:table/get',
  schema,
  name: 'GetItem',
  check: (answer) => {
    // What was consumed is said here too, where it was asked for.
    if (!answer.has('item')) {
      throw new ProblemError('ItemNotFound', 'There is no item with this key.', { members: answer })
    }
  },
})
