/** Errors between the service and AWS, as callers and operators see them. */
import t, { type Test } from 'tap'
import { buildApp } from '../../src/app.js'
import { createLogger } from '../../src/observability/log.js'
import { Storage } from '../../src/storage/client.js'
import { refuse, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { connectionTo, startService, testConfig } from '../helpers/service.js'

const ACCOUNT = '123456789012'
const ROLE = `arn:aws:sts::${ACCOUNT}:assumed-role/gateway/i-0abc`
const TABLE = `arn:aws:dynamodb:eu-central-1:${ACCOUNT}:table/Orders`
const KEY = `arn:aws:kms:eu-central-1:${ACCOUNT}:key/0f1e`

/** Sends a get that DynamoDB refuses with an exception; resolves to the response, the log and the requests. */
async function refusedWith(t: Test, name: string, message: string, members?: object) {
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    refuse(response, 400, name, message, { members: members ?? {} })
  })
  const service = await startService(t, {}, dynamodb.endpoint)
  const key = { id: 'a' }
  const answer =
    members === undefined
      ? await service.post('/v1/tables/Orders/get', { key })
      : await service.post('/v1/transact/get', { transactItems: [{ get: { tableName: 'Orders', key } }] })
  return { ...answer, log: service.log, requests: dynamodb.requests }
}

t.test(
  'missing credentials, refused credentials, a missing permission and a KMS key have different messages',
  async (t) => {
    await t.test('without credentials DynamoDB is not called', async (t) => {
      const dynamodb = await startFakeDynamoDB(t, () => t.fail('DynamoDB was asked'))
      const connection = {
        ...(await connectionTo(dynamodb.endpoint)),
        credentials: async () => Promise.reject(new Error('no provider')),
      }
      const config = testConfig()
      const app = await buildApp(config, new Storage(connection, config), createLogger('silent'))
      t.teardown(() => app.close())
      const url = await app.listen({ host: '127.0.0.1', port: 0 })
      const response = await fetch(`${url}/v1/tables/Orders/get`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"key":{"id":"a"}}',
      })
      t.equal(response.status, 502)
      t.match(await response.json(), {
        code: 'UpstreamError',
        detail:
          'The service has no AWS credentials, so it did not call DynamoDB. Its operator has to provide them: ' +
          'an access key in the environment, a profile or a role. Nothing was applied.',
        attempts: 0,
        retryable: false,
      })
    })

    await t.test('refused credentials are named', async (t) => {
      const { status, body } = await refusedWith(
        t,
        'UnrecognizedClientException',
        'The security token is invalid.',
      )
      t.equal(status, 502)
      t.match(body, {
        code: 'UpstreamError',
        detail: /refused the AWS credentials of the service \(UnrecognizedClientException\)/,
        attempts: 1,
        retryable: false,
      })
    })

    await t.test('a missing permission is named in the log', async (t) => {
      const message = `User: ${ROLE} is not authorized to perform: dynamodb:GetItem on resource: ${TABLE}`
      const { status, body, text, log } = await refusedWith(t, 'AccessDeniedException', message)
      t.equal(status, 502)
      t.match(body, { code: 'UpstreamError', detail: /lack a permission.*log/, retryable: false })
      t.notMatch(text, ACCOUNT)
      t.match(
        log.find((line) => line['msg'] === 'request failed'),
        { permission: 'dynamodb:GetItem', err: { type: 'AccessDeniedException', message } },
      )
    })

    await t.test('an unusable KMS key is named for every KMS exception', async (t) => {
      for (const name of ['KMSAccessDeniedException', 'KMSDisabledException', 'KMSNotFoundException']) {
        const { status, body, text } = await refusedWith(
          t,
          name,
          `The key ${KEY} of ${ACCOUNT} cannot be used`,
        )
        t.equal(status, 502)
        t.match(body, { code: 'UpstreamError', detail: /KMS key of the table/, retryable: false })
        t.notMatch(text, ACCOUNT)
      }
    })
  },
)

t.test('callers see no ARN and no account id of DynamoDB’s messages', async (t) => {
  for (const name of ['ResourceNotFoundException', 'ValidationException', 'SomethingNewException']) {
    const { text, log } = await refusedWith(t, name, `Table ${TABLE} of account ${ACCOUNT} and ${ROLE}`)
    t.notMatch(text, ACCOUNT, name)
    t.notMatch(text, 'arn:', name)
    t.match(text, 'table/Orders', name)
    t.ok(log.length > 0)
  }
  const { text, body } = await refusedWith(t, 'TransactionCanceledException', 'Transaction cancelled', {
    CancellationReasons: [
      { Code: 'None' },
      { Code: 'AccessDenied', Message: `${ROLE} may not use ${KEY}`, Item: { id: { S: KEY } } },
    ],
  })
  t.match(body, {
    cancellationReasons: [{ code: 'None' }, { message: '(ARN removed) may not use (ARN removed)' }],
  })
  t.match(text, `"item":{"id":"${KEY}"}`, 'items are the caller’s own')
})

t.test('an encryption error that may pass is retried', async (t) => {
  for (const [status, name] of [
    [400, 'KMSThrottlingException'],
    [500, 'KMSInternalException'],
  ] as const) {
    const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
      refuse(response, status, name)
    })
    const service = await startService(t, {}, dynamodb.endpoint)
    const { body } = await service.post('/v1/tables/Orders/get', { key: { id: 'a' } })
    t.match(body, { retryable: true, attempts: 5 }, name)
  }
})
