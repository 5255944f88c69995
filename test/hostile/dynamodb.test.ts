/** The same requests in front of Amazon's DynamoDB Local, which has an opinion of its own on each of them. */
import t from 'tap'
import { startDynamoDBLocal } from '../../src/local/dynamodb-local.js'
import { createDemoTables } from '../../src/local/demo-tables.js'
import { Storage } from '../../src/storage/client.js'
import { connectionTo, needsDynamoDB, testConfig } from '../helpers/service.js'
import { nobody } from './callers.js'
import { allRequests } from './requests.js'
import { startSubject } from './subject.js'
import { seed, sendAll, SOAK, survive } from './survival.js'
import { scaled } from '../helpers/machine-speed.js'

/** Of tables that the requests do not name. */
const untouched = [
  '/v1/tables/Orders-untouched/items/ada/2026-11-02',
  '/v1/tables/Customers-untouched/items/ada',
  '/v1/tables/Orders-untouched',
  '/health/ready',
  '/openapi.yaml',
].map((target) => ({
  method: 'GET',
  bytes: Buffer.from(`GET ${target} HTTP/1.1\r\nhost: 127.0.0.1\r\nx-request-id: probe\r\n\r\n`),
}))

const count = SOAK ? 3000 : 1000

t.test(
  `${count} requests to DynamoDB Local with the seed ${seed}`,
  { ...needsDynamoDB, timeout: scaled(600_000) },
  async (t) => {
    // One of its own: the requests create, fill and delete tables.
    const dynamodb = await startDynamoDBLocal()
    t.teardown(() => dynamodb.stop())
    const storage = new Storage(await connectionTo(dynamodb.endpoint), testConfig())
    t.teardown(() => storage.close())
    await createDemoTables(storage)
    await createDemoTables(storage, '-untouched')
    const subject = await startSubject(t, { AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint })
    const requests = await allRequests(nobody)
    await survive(t, subject, untouched, async (failures) => {
      await sendAll(subject, requests, count, failures)
    })
  },
)
