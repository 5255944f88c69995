import t from 'tap'
import { redact, redactReasons } from '../../src/problem/redact.js'

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
    ['Invalid value 123456789012', 'Invalid value 123456789012'],
  ]
  for (const [message, redacted] of cases) t.equal(redact(message), redacted)
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
  t.equal(redactReasons(harmless), harmless)
})
