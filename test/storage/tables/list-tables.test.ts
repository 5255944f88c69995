import t from 'tap'
import { AnswerError } from '../../../src/storage/errors.js'
import { listTables } from '../../../src/storage/tables/list-tables.js'

t.test('a malformed list of tables is an error of DynamoDB, not of the service', async (t) => {
  for (const answer of ['[]', '{"TableNames":{}}', '{"TableNames":[', '{"TableNames":null}']) {
    const list = listTables(
      {},
      async () => Buffer.from(answer),
      () => true,
    )
    await t.rejects(list, AnswerError, answer)
  }
})
