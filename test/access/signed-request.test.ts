/** Signature Version 4: what is accepted is exactly what the holder of an access key has signed. */
import aws4 from 'aws4'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { Access } from '../../src/access/access.js'
import type { SignedRequest } from '../../src/access/signed-request.js'
import { createLogger } from '../../src/observability/log.js'
import { Signer } from '../../src/storage/call/signature.js'

const ID = 'AKIDCHECKOUT2026'
const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'

async function openAccess(t: Test, keys: readonly object[] = [{}]) {
  const policy = {
    roles: { r: [{ tables: ['*'], actions: ['read'] }] },
    awsKeys: keys.map((options) => ({
      accessKeyId: ID,
      secretAccessKeyFile: 'secret',
      roles: ['r'],
      ...options,
    })),
  }
  const folder = t.testdir({ 'access.json': JSON.stringify(policy), secret: `${SECRET}\n` })
  const access = await Access.open(`${folder}/access.json`, {
    logger: createLogger('silent', { write: () => undefined }),
    hasPageTokenSecret: true,
  })
  t.teardown(() => access.close())
  return access
}

/** A request with headers as Node.js reads them. */
function requestOf(headers: Readonly<Record<string, string>>, url = '/', method = 'POST'): SignedRequest {
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const)
  return { method, url, headers: Object.fromEntries(lower), rawHeaders: Object.entries(headers).flat() }
}

interface ToSign {
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly region?: string
  readonly service?: string
  readonly time?: number
  readonly accessKeyId?: string
  readonly secretAccessKey?: string
}

/** The headers of a request that aws4 has signed. */
function signedBy4({
  body = '{}',
  headers = {},
  region = 'eu-central-1',
  time = Date.now(),
  ...rest
}: ToSign) {
  const { service = 'dynamodb', accessKeyId = ID, secretAccessKey = SECRET } = rest
  const date = new Date(time).toISOString().replace(/[:-]|\.\d{3}/g, '')
  const signed = aws4.sign(
    {
      service,
      region,
      method: 'POST',
      path: '/',
      host: 'localhost:3000',
      headers: {
        'Content-Type': 'application/x-amz-json-1.0',
        'X-Amz-Target': 'DynamoDB_20120810.GetItem',
        'X-Amz-Date': date,
        ...headers,
      },
      body,
    },
    { accessKeyId, secretAccessKey },
  )
  return Object.fromEntries(
    Object.entries(signed.headers ?? {}).map(([name, value]) => [name, String(value)]),
  )
}

const invalid = { name: 'InvalidSignatureException' }
const unrecognized = { name: 'UnrecognizedClientException' }

t.test('what two other implementations sign is accepted', async (t) => {
  const access = await openAccess(t)
  const requests = fc.record({
    body: fc.string({ unit: 'binary', maxLength: 300 }),
    region: fc.constantFrom('eu-central-1', 'us-east-1', 'local'),
    time: fc.integer({ min: -14 * 60_000, max: 14 * 60_000 }).map((skew) => Date.now() + skew),
    headers: fc.dictionary(
      fc.stringMatching(/^X-Amz-[A-Z][a-z]{1,10}$/).filter((name) => !/^x-amz-(?:date|target)$/i.test(name)),
      fc.stringMatching(/^ {0,2}[!-~]+(?: {1,3}[!-~]+)? {0,2}$/),
      { maxKeys: 3 },
    ),
  })
  fc.assert(
    fc.property(requests, (request) => {
      t.equal(
        access.signatureOf(requestOf(signedBy4(request))).verify(Buffer.from(request.body)).principal,
        ID,
      )
    }),
  )
  const signer = new Signer(new URL('http://localhost:3000'), 'eu-central-1', 'agent/1')
  const body = Buffer.from('{"TableName":"T"}')
  const pairs = signer.sign('GetItem', body, { accessKeyId: ID, secretAccessKey: SECRET }, Date.now())
  const headers: Record<string, string> = { host: 'localhost:3000', 'content-length': String(body.length) }
  for (let index = 0; index < pairs.length; index += 2) headers[pairs[index] ?? ''] = pairs[index + 1] ?? ''
  t.equal(access.signatureOf(requestOf(headers)).verify(body).principal, ID)
})

t.test(
  'one bit of the body, of a signed header, of the path, the method or the signature, and it is refused',
  async (t) => {
    const access = await openAccess(t)
    const body = '{"TableName":"Orders"}'
    const headers = signedBy4({ body })
    const refused = (request: SignedRequest, bytes: Buffer, what: string) => {
      t.throws(() => access.signatureOf(request).verify(bytes), invalid, what)
    }
    for (let index = 0; index < body.length; index++) {
      const changed = Buffer.from(body)
      changed[index] = (changed[index] ?? 0) ^ (1 << (index % 8))
      refused(requestOf(headers), changed, `byte ${index} of the body`)
    }
    refused(requestOf(headers), Buffer.alloc(0), 'no body')
    for (const name of ['Host', 'Content-Type', 'X-Amz-Target', 'X-Amz-Date', 'Content-Length']) {
      const value = headers[name] ?? ''
      const last = String.fromCharCode(value.charCodeAt(value.length - 1) ^ 1)
      t.ok(value, name)
      refused(requestOf({ ...headers, [name]: value.slice(0, -1) + last }), Buffer.from(body), name)
      const others = Object.entries(headers).filter(([other]) => other !== name)
      refused(requestOf(Object.fromEntries(others)), Buffer.from(body), `without ${name}`)
    }
    const authorization = headers['Authorization'] ?? ''
    const bare = authorization.slice(0, -64)
    for (let index = 0; index < 64; index++) {
      const digit = authorization.slice(-64)[index] === '0' ? '1' : '0'
      const signature = authorization.slice(-64)
      const changed = bare + signature.slice(0, index) + digit + signature.slice(index + 1)
      refused(requestOf({ ...headers, Authorization: changed }), Buffer.from(body), `digit ${index}`)
    }
    refused(requestOf(headers, '/?a=b'), Buffer.from(body), 'another path')
    refused(requestOf(headers, '/', 'PUT'), Buffer.from(body), 'another method')
    t.equal(access.signatureOf(requestOf(headers)).verify(Buffer.from(body)).principal, ID)
  },
)

t.test('a header that is not signed, or there twice, is refused', async (t) => {
  const access = await openAccess(t)
  const headers = signedBy4({})
  const body = Buffer.from('{}')
  const sign = (names: string) => ({
    ...headers,
    Authorization: (headers['Authorization'] ?? '').replace(/SignedHeaders=[^,]+/, `SignedHeaders=${names}`),
  })
  const cases: readonly (readonly [SignedRequest, RegExp])[] = [
    [requestOf({ ...headers, 'X-Amz-Other': '1' }), /The header x-amz-other must be signed/],
    [requestOf(sign('content-type;host;x-amz-target')), /x-amz-date must be signed/],
    [requestOf(sign('content-type;x-amz-date;x-amz-target')), /host must be signed/],
    [requestOf(sign('host;x-amz-target;x-amz-date')), /must be sorted/],
    [requestOf(sign('host;host;x-amz-date;x-amz-target')), /must be sorted and without repetition/],
    [requestOf(sign('host;x-amz-date;x-amz-target;x-missing')), /signed header x-missing is missing/],
    [requestOf(sign(['host', ...Array.from({ length: 64 }, (_, i) => `x-${i}`)].join(';'))), /At most 64/],
  ]
  for (const [request, message] of cases) {
    t.throws(() => access.signatureOf(request).verify(body), { ...invalid, message })
  }
  for (const twice of ['Host', 'X-Amz-Target', 'Authorization']) {
    const request = requestOf(headers)
    const rawHeaders = [...request.rawHeaders, twice.toUpperCase(), headers[twice] ?? '']
    t.throws(() => access.signatureOf({ ...request, rawHeaders }).verify(body), {
      ...invalid,
      message: /must not be there twice/,
    })
  }
})

t.test('the time may be off by 15 minutes, and the day of the key is that of the time', async (t) => {
  const access = await openAccess(t)
  const body = Buffer.from('{}')
  const attempt = (time: number) => access.signatureOf(requestOf(signedBy4({ time }))).verify(body)
  t.throws(() => attempt(Date.now() - 15.1 * 60_000), { ...invalid, message: /Signature expired/ })
  t.throws(() => attempt(Date.now() + 15.1 * 60_000), { ...invalid, message: /Signature not yet current/ })
  t.throws(() => attempt(0), invalid)
  const headers = signedBy4({})
  const otherDay = (headers['Authorization'] ?? '').replace(/\/\d{8}\//, '/20200101/')
  t.throws(() => access.signatureOf(requestOf({ ...headers, Authorization: otherDay })).verify(body), {
    ...invalid,
    message: /Date in Credential scope does not match/,
  })
  for (const time of ['', 'now', '20261330T000000Z', '2026-11-30T00:00:00Z']) {
    t.throws(() => access.signatureOf(requestOf({ ...headers, 'X-Amz-Date': time })).verify(body), invalid)
  }
})

t.test('no, unknown, expired and temporary credentials, another service, and another scheme', async (t) => {
  const access = await openAccess(t, [
    {},
    { accessKeyId: 'EXPIRED', expires: '2020-01-01T00:00:00Z' },
    { accessKeyId: 'LASTING', expires: '2099-01-01T00:00:00Z' },
  ])
  const body = Buffer.from('{}')
  const attempt = (headers: Readonly<Record<string, string>>) => () =>
    access.signatureOf(requestOf(headers)).verify(body)
  t.throws(attempt({ Host: 'localhost' }), { name: 'MissingAuthenticationTokenException' })
  t.throws(attempt(signedBy4({ accessKeyId: 'UNKNOWN' })), unrecognized)
  t.throws(attempt(signedBy4({ accessKeyId: 'EXPIRED' })), unrecognized)
  t.equal(attempt(signedBy4({ accessKeyId: 'LASTING' }))().principal, 'LASTING')
  t.throws(attempt(signedBy4({ headers: { 'X-Amz-Security-Token': 'session' } })), unrecognized)
  t.throws(attempt(signedBy4({ secretAccessKey: 'another' })), invalid)
  t.throws(attempt(signedBy4({ service: 's3' })), { ...invalid, message: /'dynamodb'/ })
  const good = signedBy4({})
  const { Authorization = '' } = good
  for (const wrong of [
    '',
    'Bearer dss_a_b',
    'AWS4-HMAC-SHA256',
    Authorization.replace('AWS4-HMAC-SHA256', 'AWS4-ECDSA-P256-SHA256'),
    Authorization.replace(/, Signature=.*/, ''),
    Authorization.replace(/Signature=.*/, 'Signature=abc'),
    Authorization.replace('aws4_request', 'aws4'),
    `${Authorization}, Signature=${'0'.repeat(64)}`,
    Authorization.toLowerCase(),
  ]) {
    t.throws(attempt({ ...good, Authorization: wrong }), invalid, wrong)
  }
  t.equal(attempt({ ...good, Authorization: Authorization.replaceAll(', ', ',') })().principal, ID)
})
