import aws4 from 'aws4'
import fc from 'fast-check'
import t from 'tap'
import { Signer, signingKey } from '../../../src/storage/call/signature.js'

const AGENT = 'test/1'
const text = (charset: string, minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...charset.split('')), minLength, maxLength })
const LETTERS = 'abcdefghijklmnopqrstuvwxyz'
const BASE64 = `${LETTERS}${LETTERS.toUpperCase()}0123456789+/=`

const requests = fc.record({
  body: fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes)),
  operation: fc.constantFrom('GetItem', 'PutItem', 'TransactWriteItems'),
  region: fc.constantFrom('eu-central-1', 'us-gov-east-1', 'local'),
  credentials: fc.record(
    {
      accessKeyId: text(BASE64, 1, 30),
      // Longer than a block of the hash function, too.
      secretAccessKey: fc.oneof(text(BASE64, 1, 90), fc.string({ unit: 'grapheme', minLength: 1 })),
      sessionToken: text(BASE64, 0, 900),
    },
    { requiredKeys: ['accessKeyId', 'secretAccessKey'] },
  ),
  time: fc.date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }),
  endpoint: fc
    .record({
      protocol: fc.constantFrom('http:', 'https:'),
      host: fc.constantFrom(
        'dynamodb.eu-central-1.amazonaws.com',
        'localhost',
        '127.0.0.1',
        '[::1]',
        'B.example',
      ),
      port: fc.constantFrom('', ':80', ':443', ':8000'),
      path: text(`${LETTERS}09-_.~/%20%C3!'()*+,;=:@&`, 0, 20).filter(
        (path) => !/%(?![0-9A-F]{2})/.test(path),
      ),
    })
    .map(({ protocol, host, port, path }) => new URL(`${protocol}//${host}${port}/${path}`)),
})

/** Names and values in turn, as one object. */
function toObject(headers: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    headers.flatMap((name, index) => (index % 2 === 0 ? [[name, headers[index + 1] ?? '']] : [])),
  )
}

t.test('a signature equals that of aws4', async () => {
  fc.assert(
    fc.property(requests, ({ body, operation, region, credentials, time, endpoint }) => {
      const { authorization, ...headers } = toObject(
        new Signer(endpoint, region, AGENT).sign(operation, body, credentials, time.getTime()),
      )
      const theirs =
        aws4.sign(
          {
            service: 'dynamodb',
            region,
            host: endpoint.host,
            path: endpoint.pathname,
            method: 'POST',
            headers: {
              'content-length': String(body.length),
              'content-type': 'application/x-amz-json-1.0',
              'x-amz-date': time.toISOString().replace(/[:-]|\.\d{3}/g, ''),
              'x-amz-target': `DynamoDB_20120810.${operation}`,
            },
            body,
          },
          credentials,
        ).headers ?? {}
      const { Authorization, Host, 'content-length': length, ...others } = theirs
      const right = Object.fromEntries(
        Object.entries(others).map(([name, value]) => [name.toLowerCase(), value]),
      )
      return (
        authorization === Authorization &&
        Host === endpoint.host &&
        length === String(body.length) &&
        JSON.stringify(Object.entries(headers).sort()) ===
          JSON.stringify(Object.entries({ ...right, 'user-agent': AGENT }).sort())
      )
    }),
    { numRuns: 2000 },
  )
})

t.test('one signer signs for changing times and credentials', async (t) => {
  const endpoint = new URL('http://localhost:8000')
  const kept = new Signer(endpoint, 'eu-central-1', AGENT)
  fc.assert(
    fc.property(requests, fc.integer({ min: 0, max: 2000 }), ({ body, credentials, time }, laterMs) => {
      for (const ms of [time.getTime(), time.getTime() + laterMs, time.getTime()]) {
        const sign = (signer: Signer) => signer.sign('GetItem', body, credentials, ms).join('\n')
        if (sign(kept) !== sign(new Signer(endpoint, 'eu-central-1', AGENT))) return false
      }
      return true
    }),
  )
  const signedAt = (ms: number) =>
    toObject(kept.sign('GetItem', Buffer.from('{}'), { accessKeyId: 'key', secretAccessKey: 'secret' }, ms))
  const midnight = Date.parse('2026-11-24T00:00:00Z')
  t.equal(signedAt(midnight - 1)['x-amz-date'], '20261123T235959Z')
  t.match(
    signedAt(midnight - 1)['authorization'],
    'Credential=key/20261123/eu-central-1/dynamodb/aws4_request',
  )
  t.equal(signedAt(midnight)['x-amz-date'], '20261124T000000Z')
  t.match(signedAt(midnight)['authorization'], 'Credential=key/20261124/eu-central-1/dynamodb/aws4_request')
})

t.test('the signing key equals that of AWS’s examples', async (t) => {
  // "Examples of how to derive a signing key" of the AWS General Reference, and the one of its test suite.
  const secret = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
  t.equal(
    signingKey(secret, '20120215', 'us-east-1', 'iam').toString('hex'),
    'f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d',
  )
  t.equal(
    signingKey(secret, '20150830', 'us-east-1', 'iam').toString('hex'),
    'c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9',
  )
})
