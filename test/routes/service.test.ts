import t from 'tap'
import { needsDynamoDB, startService } from '../helpers/service.js'
import { answer, refuse, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'

t.test('the service is live and ready while DynamoDB responds', needsDynamoDB, async (t) => {
  const service = await startService(t)
  t.same((await service.get('/health/live')).body, { status: 'live' })
  const ready = await service.get('/health/ready')
  t.equal(ready.status, 200)
  t.same(ready.body, { status: 'ready' })
  t.equal(
    service.log.filter(({ url }) => String(url).startsWith('/health')).length,
    0,
    'health checks are not logged',
  )
})

t.test('the service is live but not ready until DynamoDB responds again', async (t) => {
  let there = false
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    if (there) answer(response, { TableNames: [] })
    else refuse(response, 500, 'InternalServerError')
  })
  const service = await startService(t, {}, dynamodb.endpoint)
  t.equal((await service.get('/health/live')).status, 200)
  const [ready] = await Promise.all([1, 2, 3].map(() => service.get('/health/ready')))
  t.equal(ready?.status, 503)
  t.equal(ready?.headers.get('retry-after'), '1')
  t.match(ready?.body, { code: 'ServiceUnavailable', retryable: true })
  t.equal(dynamodb.requests.length, 1, 'concurrent checks share one call')

  there = true
  let status = 503
  for (let tries = 0; status !== 200 && tries < 40; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    status = (await service.get('/health/ready')).status
  }
  t.equal(status, 200)
})

t.test('the service is not ready if DynamoDB refuses its credentials', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    refuse(response, 400, 'UnrecognizedClientException')
  })
  const service = await startService(t, {}, dynamodb.endpoint)
  t.equal((await service.get('/health/ready')).status, 503)
})
