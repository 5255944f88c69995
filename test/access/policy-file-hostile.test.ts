/** Policy files that YAML makes more, or something else, of than they seem to be. Each error names the file and a line. */
import t from 'tap'
import { parsePolicyFile } from '../../src/access/policy-file.js'
import { PolicyFileError } from '../../src/access/policy-file-error.js'

const key = (rest: string) =>
  `keys:\n  - id: a\n    sha256: "${'a'.repeat(64)}"\n    roles: []\n    ${rest}\n`
const tenfold = (name: string, of: string) => `${name}: &${name} [${Array<string>(10).fill(of).join(', ')}]\n`

const files = {
  'aliases that grow': [
    tenfold('a', 'x') + tenfold('b', '*a') + tenfold('c', '*b') + tenfold('d', '*c'),
    /^access\.yaml:2: Excessive alias count/,
  ],
  'an alias of nothing': ['roles:\n  a: *b\n', /^access\.yaml:2: Unresolved alias/],
  'an unknown tag': [
    'roles:\n  a:\n    - { tables: [T], actions: !x [read] }\n',
    /^access\.yaml:3: Unresolved tag/,
  ],
  'deep nesting': ['['.repeat(100_000), /^access\.yaml:1: /],
  'a number that is rounded': [
    key('attributes: { c: 12345678901234567890 }'),
    /^access\.yaml:5: keys\[0\]\.attributes\.c is too large for a number: write it in quotes$/,
  ],
  'an attribute of another type': [
    key('attributes: { c: [1] }'),
    /^access\.yaml:5: keys\[0\]\.attributes\.c must be string or number or boolean$/,
  ],
  'a key that looks like a number': [
    key('').replace('id: a', 'id: 123'),
    /^access\.yaml:2: keys\[0\]\.id must be string$/,
  ],
} as const

for (const [name, [text, message]] of Object.entries(files)) {
  t.test(name, async (t) => {
    const error = t.throws(() => parsePolicyFile(text, 'access.yaml'))
    t.type(error, PolicyFileError)
    t.match(error, { message })
  })
}

t.test('what a file leaves out is empty', async (t) => {
  const jwt = { issuer: 'https://a/', audience: 'b', jwks: 'discover', algorithms: ['ES256'] }
  t.same(parsePolicyFile(JSON.stringify({ jwt: [jwt] }), '/etc/access.json'), {
    roles: {},
    keys: [],
    awsKeys: [],
    jwt: [{ ...jwt, roles: 'roles', defaultRoles: [] }],
    anonymous: [],
  })
})
