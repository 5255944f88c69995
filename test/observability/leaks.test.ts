/**
 * What must not be in the log: keys and values of items, query strings, and secrets. Marks stand in every part of a
 * request, DynamoDB quotes them in every kind of error, and no line has one.
 */
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { buildApp } from '../../src/app.js'
import { createLogger } from '../../src/observability/log.js'
import { Storage } from '../../src/storage/client.js'
import { answer, type Behavior, refuse, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { openSocket } from '../helpers/raw-http.js'
import { connectionTo, DOCUMENT, NDJSON, testConfig } from '../helpers/service.js'
import { within } from '../helpers/within.js'

/** In keys, values, query strings and bodies. */
const PRIVATE = 'private4711'
/** In credentials: those of the service, and those that callers send. */
const SECRET = 'secret0815'
const TOKEN = `IQoJb3JpZ2luX2Vj${SECRET}//////////wEaDGV1LWNlbnRyYWwtMSJ=`
const API_KEY = `dss_shop_${SECRET.padEnd(43, 'x')}`

/** Starts the service with credentials that have a session token. Its log is one text. */
async function start(t: Test, behave: Behavior, logKeys = false) {
  const dynamodb = await startFakeDynamoDB(t, behave)
  const config = testConfig({ logKeys, maxAttempts: 2, requestTimeoutMs: 2000 })
  const connection = {
    ...(await connectionTo(dynamodb.endpoint)),
    credentials: async () => ({
      accessKeyId: 'ASIAIOSFODNN7EXAMPLE',
      secretAccessKey: SECRET,
      sessionToken: TOKEN,
    }),
  }
  const log: string[] = []
  const write = (line: string) => log.push(line)
  const storage = new Storage(connection, config)
  const app = await buildApp(config, storage, createLogger('trace', { write }, logKeys))
  t.teardown(() => app.close())
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const send = async (
    method: string,
    path: string,
    body?: string,
    contentType = DOCUMENT,
    accept = DOCUMENT,
  ) => {
    const headers = { authorization: `Bearer ${SECRET}`, cookie: SECRET, accept }
    const answer = fetch(url + path, {
      method,
      headers: { ...headers, ...(body !== undefined && { 'content-type': contentType }) },
      ...(body !== undefined && { body }),
    })
    // A stream may break off, also before its head has arrived.
    const response = accept === DOCUMENT ? await answer : await answer.catch(() => undefined)
    return (await response?.text().catch(() => '')) ?? ''
  }
  return { dynamodb, log, url, send }
}

type Send = Awaited<ReturnType<typeof start>>['send']

const key = JSON.stringify({ key: { id: PRIVATE } })
const item = { id: PRIVATE, note: PRIVATE }
const writes = Array.from({ length: 30 }, (_, n) => ({
  putRequest: { item: { ...item, id: `${PRIVATE}${n}` } },
}))

const requests: Readonly<Record<string, (send: Send) => Promise<string>>> = {
  get: (send) => send('POST', '/v1/tables/Orders/get', key),
  put: (send) => send('POST', '/v1/tables/Orders/put', JSON.stringify({ item })),
  query: (send) =>
    send(
      'POST',
      '/v1/tables/Orders/query',
      JSON.stringify({
        keyConditionExpression: 'id = :id',
        expressionAttributeValues: { ':id': PRIVATE },
        filterExpression: PRIVATE,
      }),
    ),
  'scan in lines': (send) => send('POST', '/v1/tables/Orders/scan', '{}', DOCUMENT, NDJSON),
  'item URL': (send) => send('GET', `/v1/tables/Orders/items/${PRIVATE}?projection=${PRIVATE}`),
  'put to an item URL': (send) => send('PUT', `/v1/tables/Orders/items/${PRIVATE}`, JSON.stringify(item)),
  collection: (send) =>
    send('GET', `/v1/tables/Orders/items/${PRIVATE}/?api_key=${API_KEY}&filter=${PRIVATE}`),
  'batch get': (send) =>
    send('POST', '/v1/batch/get', JSON.stringify({ requestItems: { Orders: { keys: [{ id: PRIVATE }] } } })),
  'batch write': (send) =>
    send('POST', '/v1/batch/write', JSON.stringify({ requestItems: { Orders: writes } })),
  'two equal keys': (send) =>
    send('POST', '/v1/batch/write', JSON.stringify({ requestItems: { Orders: [writes[0], writes[0]] } })),
  'transact write': (send) =>
    send(
      'POST',
      '/v1/transact/write',
      JSON.stringify({ transactItems: [{ put: { tableName: 'Orders', item } }] }),
    ),
  import: (send) =>
    send(
      'POST',
      '/v1/tables/Orders/import',
      `${JSON.stringify(item)}\n{"id":"${PRIVATE}","${PRIVATE}"\n`,
      NDJSON,
    ),
  'invalid JSON': (send) => send('POST', '/v1/tables/Orders/get', `{"key":"${PRIVATE}`),
  'invalid body': (send) => send('POST', '/v1/tables/Orders/get', `{"${PRIVATE}":1}`),
  'unknown media type': (send) => send('POST', '/v1/tables/Orders/get', key, `text/${PRIVATE}`),
  'no media type': (send) => send('POST', '/v1/tables/Orders/get', key, `;${PRIVATE}`),
  'unknown route': (send) => send('GET', `/v1/tables/Orders/things/${PRIVATE}?${PRIVATE}`),
  'unreadable path': (send) => send('GET', `/v1/tables/Orders/items/${PRIVATE}%ff?${PRIVATE}`),
  'no table name': (send) =>
    send('POST', `/v1/tables/${encodeURIComponent(`a/items/"${PRIVATE}"`)}/get`, key),
}

/** How AWS's front end quotes the request that it refuses. */
const signedRequest = (
  headers: Readonly<Record<string, unknown>>,
) => `The request signature we calculated does not match \
the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for \
details.

The Canonical String for this request should have been
'POST
/

content-type:application/x-amz-json-1.0
x-amz-security-token:${String(headers['x-amz-security-token'])}

content-type;x-amz-security-token'

The String-to-Sign should have been
'AWS4-HMAC-SHA256
20261125T120000Z'
`

const quotingRefusal =
  (status: number, name: string): Behavior =>
  ({ operation, text }, response) => {
    if (operation === 'DescribeTable') {
      answer(response, { Table: { KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }] } })
    } else {
      const Item = { id: { S: PRIVATE } }
      refuse(
        response,
        status,
        name,
        `One or more values were invalid: value: ${text}\n    at ${PRIVATE} (${PRIVATE})`,
        {
          members: { Item, CancellationReasons: [{ Code: 'ValidationError', Message: PRIVATE, Item }] },
        },
      )
    }
  }

const behaviors: Readonly<Record<string, Behavior>> = {
  ...Object.fromEntries(
    [
      'ValidationException',
      'ConditionalCheckFailedException',
      'ResourceNotFoundException',
      'SerializationException',
      'TransactionCanceledException',
      'TransactionConflictException',
      'SomethingNewException',
      PRIVATE.padEnd(200, ' '),
    ].map((name) => [name, quotingRefusal(400, name)]),
  ),
  InternalServerError: quotingRefusal(500, 'InternalServerError'),
  RequestTimeoutException: quotingRefusal(408, 'RequestTimeoutException'),
  InvalidSignatureException: ({ headers }, response) => {
    refuse(response, 400, 'InvalidSignatureException', signedRequest(headers))
  },
  'a signature error of another name': ({ headers }, response) => {
    refuse(response, 400, 'SignatureInvalid', signedRequest(headers))
  },
  IncompleteSignatureException: ({ headers }, response) => {
    const { authorization = '' } = headers
    refuse(
      response,
      400,
      'IncompleteSignatureException',
      `'${authorization}' is not valid. Authorization=${authorization} Signature=${SECRET}, x-amz-security-token: ${TOKEN}`,
    )
  },
  'an answer that is not JSON': (_received, response) => {
    answer(response, `{"Item":{"id":{"S":"${PRIVATE}`)
  },
  'an answer with an unknown type': (_received, response) => {
    answer(response, {
      Item: { id: { [PRIVATE]: PRIVATE } },
      Responses: { Orders: [{ id: { X: PRIVATE } }] },
    })
  },
  'an error page': (_received, response) => {
    response.writeHead(403, { 'content-type': 'text/html' }).end(`<p>${PRIVATE} ${TOKEN}</p>`)
  },
  'an error on the second page': (received, response, number) => {
    if ('ExclusiveStartKey' in received.body)
      quotingRefusal(400, 'ValidationException')(received, response, number)
    else answer(response, { Items: [{ id: { S: PRIVATE } }], LastEvaluatedKey: { id: { S: PRIVATE } } })
  },
  'a lost connection': (_received, response) => {
    response.socket?.destroy()
  },
}

const combinations = fc.record({
  request: fc.constantFrom(...Object.keys(requests)),
  behavior: fc.constantFrom(...Object.keys(behaviors)),
})

t.test('no line has a key, a value, a query string or a secret, whatever fails and quotes it', async (t) => {
  const { dynamodb, log, send } = await start(t, () => undefined)
  const check = async (request: string, behavior: string) => {
    dynamodb.behave = behaviors[behavior] ?? dynamodb.behave
    const from = log.length
    const text = (await requests[request]?.(send)) ?? ''
    if (text.includes(SECRET)) throw new Error(`the caller sees a secret: ${text}`)
    const leak = log.slice(from).find((line) => line.includes(PRIVATE) || line.includes(SECRET))
    if (leak !== undefined) throw new Error(`${request}, ${behavior}: ${leak}`)
  }
  for (const request of Object.keys(requests)) {
    for (const behavior of Object.keys(behaviors)) await check(request, behavior)
  }
  await fc.assert(
    fc.asyncProperty(fc.array(combinations, { minLength: 2, maxLength: 6 }), async (some) => {
      await Promise.all(some.map(({ request, behavior }) => check(request, behavior)))
    }),
    { numRuns: 20 },
  )
  t.ok(log.length > Object.keys(requests).length * Object.keys(behaviors).length, 'every request has a line')
  t.ok(
    log.some((line) =>
      line.includes('"table":"Orders","method":"GET","route":"/v1/tables/{table}/items/{partitionKey}"'),
    ),
  )
  t.ok(log.some((line) => line.includes('the stream broke off')))
  t.ok(log.some((line) => line.includes('The request signature we calculated does not match')))
})

t.test('the line about a caller that disconnects has no key', async (t) => {
  const { log, url } = await start(t, () => undefined)
  const socket = await openSocket(t, { url })
  socket.write(`GET /v1/tables/Orders/items/${PRIVATE} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
  setTimeout(() => socket.destroy(), 300)
  const line = () => log.find((text) => text.includes('the caller disconnected'))
  t.ok(await within(10_000, () => line() !== undefined))
  t.match(JSON.parse(line() ?? '{}'), { route: '/v1/tables/{table}/items/{partitionKey}', table: 'Orders' })
  t.notMatch(log.join(''), PRIVATE)
})

t.test('LOG_KEYS=true logs URLs and messages, without the secrets in them', async (t) => {
  const quote = behaviors['an error on the second page'] ?? (() => undefined)
  const { dynamodb, log, send } = await start(t, quote, true)
  await requests['scan in lines']?.(send)
  t.match(log.join(''), new RegExp(`One or more values were invalid.*${PRIVATE}`))
  await requests['collection']?.(send)
  t.match(log.join(''), `/v1/tables/Orders/items/${PRIVATE}/?api_key=dss_shop_(removed)&filter=${PRIVATE}`)
  for (const behavior of Object.values(behaviors)) {
    dynamodb.behave = behavior
    await requests['get']?.(send)
  }
  t.match(log.join(''), 'InvalidSignatureException')
  t.notMatch(log.join(''), SECRET)
})
