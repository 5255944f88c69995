import t from 'tap'
import { redact, redactReasons, removeSecrets } from '../../src/problem/redact.js'
import { growth, TOO_MUCH } from '../helpers/growth.js'

t.test('messages lose ARNs and account ids, but keep the names of tables', async (t) => {
  const cases: readonly (readonly [string, string])[] = [
    ['The conditional request failed', 'The conditional request failed'],
    [
      'Requested resource not found: Table: arn:aws:dynamodb:eu-central-1:123456789012:table/Orders not found',
      'Requested resource not found: Table: table/Orders not found',
    ],
    [
      'User: arn:aws:sts::123456789012:assumed-role/gateway/i-0abc is not authorized to perform: kms:Decrypt on resource: arn:aws-cn:kms:cn-north-1:123456789012:key/1234-5678',
      'User: (ARN removed) is not authorized to perform: kms:Decrypt on resource: (ARN removed)',
    ],
    ['Limit of account 123456789012 exceeded', 'Limit of account (removed) exceeded'],
    ['Account id: "123456789012"', 'Account id: "(removed)"'],
    ['AccountId=123456789012, owner: 210987654321', 'AccountId=(removed), owner: (removed)'],
    [
      'replicas in accounts [123456789012, 210987654321] and 345678901234',
      'replicas in accounts [(removed), (removed)] and 345678901234',
    ],
    [
      'https://123456789012.ddb.eu-central-1.amazonaws.com',
      'https://(removed).ddb.eu-central-1.amazonaws.com',
    ],
    ['no user AIDACKCEVSQ6C2EXAMPLE', 'no user (id removed)'],
    ['Invalid value 123456789012', 'Invalid value 123456789012'],
  ]
  for (const [message, redacted] of cases) t.equal(redact(message), redacted)
})

t.test('texts lose credentials and signed requests', async (t) => {
  const key = `dss_checkout-2026_${'x'.repeat(43)}`
  const cases: readonly (readonly [string, string])[] = [
    ['The request signature does not match.', 'The request signature does not match.'],
    [
      "Consult the documentation.\n\nThe Canonical String for this request should have been\n'POST\n/\n",
      'Consult the documentation.\n\nThe (signed request removed)',
    ],
    ["'AWS4-HMAC-SHA256 Credential=A/b, Signature=c' is incomplete", "'(signature removed)' is incomplete"],
    ['x-amz-security-token:abc/def== and more', 'x-amz-security-token:(removed) and more'],
    ['Authorization: Bearer abc.def', 'Authorization: (removed)'],
    ['{"sessionToken":"abc","n":1}', '{"sessionToken":"(removed)","n":1}'],
    ['/items?X-Amz-Signature=abc&n=1', '/items?X-Amz-Signature=(removed)&n=1'],
    [`the key ${key}.`, 'the key dss_checkout-2026_(removed).'],
    ['the token eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.c2ln!', 'the token (token removed)!'],
    ['Encoded authorization failure message: abc', '(encoded message removed)'],
  ]
  for (const [text, expected] of cases) t.equal(removeSecrets(text), expected)
})

t.test('a text of 1 MB is redacted in time that grows with its length only', async (t) => {
  for (const part of [
    'account ',
    'arn:',
    'arn:aws:',
    'AWS4-HMAC-SHA256',
    'signature = ',
    'eyJ.',
    'Bearer ',
    '1'.repeat(12),
  ]) {
    const grown = await growth((length) => redact(part.repeat(length / part.length)), 60_000)
    t.ok(grown < TOO_MUCH, `${part}: ${grown.toFixed(1)}`)
  }
})

t.test('a very long text is cut between two words, so that no part of a secret is left', async (t) => {
  const words = 'word '.repeat(3270)
  t.equal(removeSecrets(`${words}Bearer ${'x'.repeat(10_000_000)}`), `${words}Bearer…`)
  t.equal(removeSecrets('x'.repeat(10_000_000)).length, 16 * 1024 + 1)
})

t.test('cancellation reasons lose them in their messages only, and items keep their digits', async (t) => {
  const arn = 'arn:aws:kms:eu-central-1:123456789012:key/1'
  const item = `{"id":"${arn}","n":12345678901234567890.10}`
  const reasons = `[{"code":"None"},{"code":"AccessDenied","message":"no access to ${arn}","item":${item}}]`
  t.equal(
    redactReasons(Buffer.from(reasons)).toString(),
    `[{"code":"None"},{"code":"AccessDenied","message":"no access to (ARN removed)","item":${item}}]`,
  )
  const harmless = Buffer.from('[{"code":"None"}]')
  t.equal(redactReasons(harmless).toString(), harmless.toString())
})
