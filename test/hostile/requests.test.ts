/**
 * Valid, nearly valid and hostile requests to every route. `HOSTILE_REQUESTS` sets their number, `HOSTILE_SEED` the seed;
 * a failure names the seed and the number of the request.
 */
import t from 'tap'
import { startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { startCallers } from './callers.js'
import { probes } from './probes.js'
import { allRequests } from './requests.js'
import { startSubject } from './subject.js'
import { seed, sendAll, SOAK, survive } from './survival.js'
import { succeed } from './upstream.js'
import { scaled } from '../helpers/machine-speed.js'

const count = Number(process.env['HOSTILE_REQUESTS'] ?? (SOAK ? 100_000 : 10_000))

t.test(
  `${count} valid and hostile requests with the seed ${seed}`,
  { timeout: scaled(900_000) },
  async (t) => {
    const dynamodb = await startFakeDynamoDB(t, (received, response, number) => {
      // They are not needed, and would fill the memory of the test.
      dynamodb.requests.length = 0
      succeed(received, response, number)
    })
    const callers = await startCallers(t)
    const subject = await startSubject(t, {
      AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint,
      AUTH: 'policy',
      ACCESS_FILE: callers.policyFile,
      PAGE_TOKEN_SECRET: 'a-secret-of-the-tests',
      AUDIT: 'true',
      CORS_ORIGINS: 'https://app.example.com',
    })
    const requests = await allRequests(callers.credentials)
    await survive(t, subject, await probes(callers.operator), async (failures) => {
      await sendAll(subject, requests, count, failures)
    })
    t.equal(await subject.stop(), 0, 'the process stops gracefully')
  },
)
