import t from 'tap'
import { formatIdempotencyKey, idempotencyKeyOf } from '../../src/http/idempotency-key.js'

t.test('a quoted string and a bare token are the same key', async (t) => {
  const cases: readonly (readonly [string, string])[] = [
    ['abc', 'abc'],
    ['"abc"', 'abc'],
    ['8e03978e-40d5-43dd-bc93-6894a57f9324', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
    ['"8e03978e-40d5-43dd-bc93-6894a57f9324"', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
    [' "abc" ', 'abc'],
    ['"abc";version=1', 'abc'],
    ['"abc" ;a', 'abc'],
    ['abc;version=1', 'abc'],
    ['abc; a="x;\\"y"; *b=?1;c', 'abc'],
    ['"a;b"', 'a;b'],
    ['k'.repeat(255), 'k'.repeat(255)],
    [`"${'\\"'.repeat(255)}"`, '"'.repeat(255)],
    ['YWJj+/==', 'YWJj+/=='],
    ['"a b, c"', 'a b, c'],
    [String.raw`"say \"hi\" \\"`, String.raw`say "hi" \ `.trim()],
  ]
  for (const [header, key] of cases) t.equal(idempotencyKeyOf(header), key, header)
  t.equal(idempotencyKeyOf(undefined), undefined)
})

t.test('anything else is refused', async (t) => {
  for (const header of [
    '',
    '""',
    '"abc',
    'abc"',
    'a b',
    'a,b',
    'a;',
    'a;B',
    ';a',
    '"a";;',
    '"";a',
    'k'.repeat(256),
    `"${'k'.repeat(256)}"`,
    '"a"b',
    String.raw`"\a"`,
    '"é"',
  ]) {
    t.throws(() => idempotencyKeyOf(header), { code: 'InvalidRequest' }, header)
  }
})

t.test('a formatted key reads as the same key', async (t) => {
  for (const key of ['abc', '8e03978e', 'a b', String.raw`a "b" \c`, 'a;b,c']) {
    t.equal(idempotencyKeyOf(formatIdempotencyKey(key)), key)
  }
})
