/** Where credentials are read. */
import t from 'tap'
import { createKey } from '../../src/access/api-keys.js'
import { credentialsOf } from '../../src/access/credentials.js'

const { key } = createKey('shop')
const token = 'eyJhbGciOiJub25lIn0.e30.'

t.test('an API key comes in either header, a token as Bearer only', async (t) => {
  t.equal(credentialsOf({}), undefined)
  t.equal(credentialsOf({ 'x-api-key': key }), key)
  for (const scheme of ['Bearer', 'bearer', 'BEARER ']) {
    t.equal(credentialsOf({ authorization: `${scheme} ${key}` }), key)
    t.equal(credentialsOf({ authorization: `${scheme} ${token}` }), token)
  }
})

t.test('anything else in x-api-key has the answer of a wrong key', async (t) => {
  for (const value of [token, '', 'x', `Bearer ${key}`, [key, key]]) {
    const error = t.throws(() => credentialsOf({ 'x-api-key': value }), { code: 'Unauthenticated' })
    t.match(error, {
      message: 'The API key is not valid.',
      headers: { 'www-authenticate': /error="invalid_token"/ },
    })
  }
})

t.test('two credentials are refused, and so is a malformed header', async (t) => {
  t.throws(() => credentialsOf({ authorization: `Bearer ${key}`, 'x-api-key': key }), {
    code: 'InvalidRequest',
  })
  for (const authorization of [
    '',
    'Bearer',
    'Bearer ',
    `Basic ${key}`,
    key,
    `Bearer ${key} ${key}`,
    `Bearer\t${key}`,
  ])
    t.throws(() => credentialsOf({ authorization }), {
      code: 'Unauthenticated',
      headers: { 'www-authenticate': /error="invalid_request"/ },
    })
})
