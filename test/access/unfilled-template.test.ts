/** A caller without the attribute of a `partitionKey`: the grant covers nothing, not even the description of the table. */
import t from 'tap'
import { createKey } from '../../src/access/api-keys.js'
import { authorize, authorizeTable, maySee } from '../../src/access/authorize.js'
import { Policy } from '../../src/access/policy.js'
import { parsePolicyFile } from '../../src/access/policy-file.js'
import { targetsOf } from '../../src/storage/operations.js'

function callerWith(attributes: object) {
  const { key, entry } = createKey('tenant')
  const roles = { r: [{ tables: ['Orders'], actions: ['read', 'admin'], partitionKey: 'T#{tenant}' }] }
  const file = { roles, keys: [{ ...entry, roles: ['r'], attributes }] }
  return new Policy(parsePolicyFile(JSON.stringify(file), 'access.json')).callerOfKey(key)
}
const noKeys = () => {
  throw new Error('a refusal must not depend on the table')
}
const requests = {
  DescribeTable: { TableName: 'Orders' },
  GetItem: { TableName: 'Orders', Key: { pk: { S: 'T#' } } },
  DeleteTable: { TableName: 'Orders' },
} as const

t.test('sees no table, and may do nothing', async (t) => {
  for (const attributes of [{}, { tenant: '' }, { other: '1' }]) {
    const caller = callerWith(attributes)
    t.notOk(maySee(caller, 'Orders'))
    for (const operation of ['DescribeTable', 'GetItem', 'DeleteTable'] as const)
      t.throws(() => authorize(caller, targetsOf(operation, requests[operation]), noKeys), {
        code: 'Forbidden',
        message: `${operation} on Orders`,
      })
    t.throws(
      () => {
        authorizeTable(caller, 'Orders', ['GetItem'])
      },
      { code: 'Forbidden' },
    )
  }
})

t.test('with the attribute, the caller sees the table and its description', async (t) => {
  const caller = callerWith({ tenant: '1' })
  t.ok(maySee(caller, 'Orders'))
  t.notOk(maySee(caller, 'Carts'))
  t.equal(authorize(caller, targetsOf('DescribeTable', requests.DescribeTable), noKeys), undefined)
})
