/** The policy file: what is valid, and what an error says. */
import { join } from 'node:path'
import t from 'tap'
import { createKey } from '../../src/access/api-keys.js'
import { parsePolicyFile } from '../../src/access/policy-file.js'

const HASH = 'a'.repeat(64)

t.test('the example of the manual is valid', async (t) => {
  const text = `
roles:
  checkout:
    - tables: [Orders, Carts-*]
      actions: [read, write]
  reporting:
    - { tables: ["*"], actions: [read, scan] }
  customer:
    - tables: [Orders]
      actions: [read, write]
      partitionKey: "CUSTOMER#{customer}"
  operator:
    - { tables: ["*"], actions: [read, write, scan, changes, admin] }
keys:
  - id: checkout-2026
    sha256: ${HASH}
    roles: [checkout]
    attributes: { customer: "42" }
    expires: 2027-06-30T00:00:00Z
    rate: { requests: 200, per: second, burst: 400 }
awsKeys:
  - accessKeyId: AKIDCHECKOUT2026
    secretAccessKeyFile: ./checkout-secret
    roles: [checkout]
jwt:
  - issuer: https://login.example.com/
    audience: orders-storage
    jwks: https://login.example.com/.well-known/jwks.json
    algorithms: [RS256, ES256, EdDSA]
    roles: roles
    defaultRoles: []
anonymous: []
`
  const { roles, keys, awsKeys, jwt } = parsePolicyFile(text, 'access.yaml')
  t.same(Object.keys(roles), ['checkout', 'reporting', 'customer', 'operator'])
  t.equal(keys[0]?.expires, '2027-06-30T00:00:00Z')
  t.equal(awsKeys[0]?.secretAccessKeyFile, join(process.cwd(), 'checkout-secret'))
  t.equal(jwt[0]?.jwks, 'https://login.example.com/.well-known/jwks.json')
})

t.test('JSON is valid, too, and every section may be left out', async (t) => {
  t.same(parsePolicyFile('{}', 'access.json').keys, [])
  t.ok(parsePolicyFile(JSON.stringify({ keys: [{ ...createKey('a').entry, roles: [] }] }), 'access.json'))
})

t.test('a key set in a file is relative to the folder of the policy file', async (t) => {
  const entry = { issuer: 'https://i/', audience: 'a', jwks: './keys.json', algorithms: ['ES256'] }
  t.equal(
    parsePolicyFile(JSON.stringify({ jwt: [entry] }), '/etc/dss/access.json').jwt[0]?.jwks,
    '/etc/dss/keys.json',
  )
})

t.test('an error names the line and the field', async (t) => {
  const role = (grant: string) => `roles:\n  r:\n    - ${grant}\n`
  const key = (fields: string) => `keys:\n  - ${fields}\n`
  const jwt = (fields: string) => `jwt:\n  - { issuer: "https://i/", audience: a, ${fields} }\n`
  const cases: readonly (readonly [text: string, message: RegExp])[] = [
    ['rules: {}\n', /^f:1: rules is an unknown field$/],
    ['roles: []\n', /^f:1: roles must be object$/],
    ['anonymous:\n  - nobody\n', /^f:2: anonymous\[0\] names the role "nobody", which is not in roles$/],
    ['a: 1\na: 2\n', /^f:2: .*unique/],
    ['roles: {\n', /^f:\d: /],
    [role('{ tables: [T] }'), /^f:3: roles\.r\[0\]\.actions is missing$/],
    [role('{ tables: [], actions: [read] }'), /^f:3: roles\.r\[0\]\.tables must not be empty$/],
    [
      role('{ tables: [T], actions: [reed] }'),
      /^f:3: roles\.r\[0\]\.actions\[0\] must be one of read, write/,
    ],
    [role('{ tables: [T], actions: [read], deny: [x] }'), /^f:3: roles\.r\[0\]\.deny is an unknown field$/],
    [
      role('{ tables: ["T*x"], actions: [read] }'),
      /^f:3: roles\.r\[0\]\.tables\[0\] can have a \* at its end only$/,
    ],
    [
      role('{ tables: [T], actions: [read, scan], partitionKey: "{a}" }'),
      /^f:3: roles\.r\[0\]\.actions\[1\] cannot be scan/,
    ],
    [role('{ tables: [T], actions: [Scan], partitionKey: "{a}" }'), /cannot be Scan/],
    [
      role('{ tables: [T], actions: [read], partitionKey: "{a}*" }'),
      /partitionKey must have text between the last placeholder and "\*"/,
    ],
    [role('{ tables: [T], actions: [read], partitionKey: "*" }'), /partitionKey must/],
    [
      role('{ tables: [T], actions: [read], partitionKey: "{a}{b}" }'),
      /partitionKey must have text between two placeholders/,
    ],
    [
      role('{ tables: [T], actions: [read], partitionKey: "{a" }'),
      /partitionKey must have a name in each pair of braces/,
    ],
    [role('{ tables: [T], actions: [read], partitionKey: "a{}" }'), /partitionKey must have a name/],
    [key(`{ id: a_b, sha256: ${HASH}, roles: [] }`), /^f:2: keys\[0\]\.id must match pattern/],
    [key('{ id: a, sha256: abc, roles: [] }'), /^f:2: keys\[0\]\.sha256 must match pattern/],
    [key(`{ id: a, sha256: ${HASH}, roles: [r] }`), /names the role "r"/],
    [key(`{ id: a, sha256: ${HASH}, roles: [], expires: tomorrow }`), /expires must be a time such as/],
    [key(`{ id: a, sha256: ${HASH}, roles: [], rate: { requests: 0, per: second } }`), /rate\.requests/],
    [
      key(`{ id: a, sha256: ${HASH}, roles: [], rate: { requests: 1, per: day } }`),
      /rate\.per must be one of second, minute, hour/,
    ],
    [
      `${key(`{ id: a, sha256: ${HASH}, roles: [] }`)}  - { id: a, sha256: ${HASH}, roles: [] }\n`,
      /^f:3: keys\[1\]\.id is the id of another key, too$/,
    ],
    [
      'awsKeys:\n  - { accessKeyId: A, roles: [] }\n',
      /^f:2: awsKeys\[0\] must have either secretAccessKeyEnv or/,
    ],
    [
      'awsKeys:\n  - { accessKeyId: A, secretAccessKeyEnv: S, secretAccessKeyFile: s, roles: [] }\n',
      /must have either/,
    ],
    [
      'awsKeys:\n  - { accessKeyId: "A/B", secretAccessKeyEnv: S, roles: [] }\n',
      /accessKeyId must match pattern/,
    ],
    [
      'awsKeys:\n  - { accessKeyId: A, secretAccessKey: S, roles: [] }\n',
      /secretAccessKey is an unknown field/,
    ],
    [
      `${key(`{ id: a, sha256: ${HASH}, roles: [] }`)}awsKeys:\n  - { accessKeyId: a, secretAccessKeyEnv: S, roles: [r] }\n`,
      /^f:4: awsKeys\[0\]\.accessKeyId is the id of another key, too\nf:4: awsKeys\[0\]\.roles\[0\] names the role "r"/,
    ],
    [jwt('jwks: https://i/k, algorithms: [HS256]'), /^f:2: jwt\[0\]\.algorithms\[0\] must be one of RS256/],
    [jwt('jwks: https://i/k, algorithms: [none]'), /algorithms\[0\] must be one of/],
    [jwt('jwks: http://i.example/k, algorithms: [ES256]'), /jwks must be an https URL/],
    [jwt('jwks: https://i/k, algorithms: []'), /algorithms must not be empty/],
    [
      'jwt:\n  - { issuer: "http://i.example/", audience: a, jwks: discover, algorithms: [ES256] }\n',
      /issuer must be an https URL/,
    ],
  ]
  for (const [text, message] of cases)
    t.throws(() => parsePolicyFile(text, 'f'), { name: 'PolicyFileError', message }, text)
  t.ok(parsePolicyFile(jwt('jwks: http://127.0.0.1:1/k, algorithms: [ES256]'), 'f'), 'http on loopback')
})

t.test('all errors are reported at once', async (t) => {
  const text = 'roles:\n  r:\n    - { tables: [T], actions: [reed] }\nanonymous: [x]\n'
  t.throws(() => parsePolicyFile(text, 'f'), { message: /^f:3: .*\nf:4: / })
})

t.test('a file that grows by aliases is refused', async (t) => {
  const lines = ['a: &a [x, x, x, x, x, x, x, x, x]']
  for (const name of 'bcdefgh') {
    const before = String.fromCharCode(name.charCodeAt(0) - 1)
    lines.push(`${name}: &${name} [${Array(9).fill(`*${before}`).join(', ')}]`)
  }
  t.throws(() => parsePolicyFile(lines.join('\n'), 'f'))
})
