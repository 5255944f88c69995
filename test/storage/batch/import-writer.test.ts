import t from 'tap'
import { Cancellation } from '../../../src/storage/call/cancellation.js'
import { Storage } from '../../../src/storage/client.js'
import { connectionTo, testConfig } from '../../helpers/service.js'
import { answer, startFakeDynamoDB } from '../../helpers/fake-dynamodb.js'

t.test('an import that waits for memory ends when all requests in flight are canceled', async (t) => {
  const signal = new Cancellation()
  const standIn = await startFakeDynamoDB(t, ({ operation }, response) => {
    if (operation === 'DescribeTable') {
      answer(response, { Table: { KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }] } })
    } else if (standIn.requests.length === 1 + 8) {
      // By then the next batch waits for memory.
      setTimeout(() => {
        signal.abort()
      }, 50)
    }
  })
  const storage = new Storage(await connectionTo(standIn.endpoint), testConfig())
  t.teardown(() => storage.close())
  const items = Array.from({ length: 400 }, (_, n) => ({
    number: n + 1,
    isDelete: false,
    json: Buffer.from(`{"id":{"S":"${n + 1000}"}}`),
  }))
  const size = items[0]?.json.length ?? 0
  const source = {
    entries: (async function* () {
      yield items
    })(),
    hold: () => undefined,
    onWritten: () => undefined,
    interrupt: () => undefined,
  }
  // Memory for 8 requests and a part of the next one.
  const limits = { timeoutMs: 30_000, maxBytes: 8.5 * 25 * size, signal }
  await t.rejects(storage.importItems('T', source, limits), { name: 'ImportError', number: 1, written: 0 })
})
