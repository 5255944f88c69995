/** DynamoDB's answers are input, too: whatever they are, the callers get an answer that says so, and the process lives on. */
import fc from 'fast-check'
import t from 'tap'
import { startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { flood, misbehaviors } from './hostile-upstream.js'
import { probes } from './probes.js'
import { RawClient } from './raw-client.js'
import { startSubject } from './subject.js'
import { CLIENTS, faultOf, inParallel, seed, SOAK, survive } from './survival.js'
import { succeed } from './upstream.js'
import { scaled } from '../helpers/machine-speed.js'

const ROUNDS = SOAK ? 8000 : 1500
const FLOODS = 64

t.test(
  `${ROUNDS} requests that DynamoDB answers wrongly, with the seed ${seed}`,
  { timeout: scaled(600_000) },
  async (t) => {
    const dynamodb = await startFakeDynamoDB(t, succeed)
    const subject = await startSubject(t, {
      AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint,
      ATTEMPT_TIMEOUT_MS: '300',
      REQUEST_TIMEOUT_MS: '3000',
    })
    const valid = await probes()
    const choices = fc.sample(fc.constantFrom(...misbehaviors), { seed, numRuns: ROUNDS })
    await survive(t, subject, valid, async (failures) => {
      let choice = 0
      dynamodb.behave = (received, response, number) => {
        dynamodb.requests.length = 0
        choices[choice++ % choices.length]?.(received, response, number)
      }
      const clients = Array.from({ length: CLIENTS }, () => new RawClient(subject.port))
      const requests = Array.from({ length: ROUNDS }, (_, index) => valid.slice(index % valid.length)[0])
      await inParallel(clients, requests, async (client, request) => {
        if (request === undefined || !subject.running()) return
        const fault = await faultOf(client, request, true).catch(String)
        if (fault !== undefined) failures.add('an answer', fault, request.bytes)
      })
      for (const client of clients) client.close()
      dynamodb.behave = succeed
    })
  },
)

t.test(
  'answers of DynamoDB without an end do not fill the memory',
  { timeout: scaled(300_000) },
  async (t) => {
    const dynamodb = await startFakeDynamoDB(t, succeed)
    const subject = await startSubject(t, { AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint })
    const valid = await probes()
    await survive(t, subject, valid, async (failures) => {
      dynamodb.behave = flood
      const clients = Array.from({ length: CLIENTS }, () => new RawClient(subject.port))
      const requests = Array.from({ length: FLOODS }, (_, index) => valid.slice(index % valid.length)[0])
      await inParallel(clients, requests, async (client, request) => {
        if (request === undefined) return
        const fault = await faultOf(client, request, true).catch(String)
        if (fault !== undefined) failures.add('an answer', fault, request.bytes)
      })
      for (const client of clients) client.close()
      dynamodb.behave = succeed
    })
  },
)
