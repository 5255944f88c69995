import { chmod } from 'node:fs/promises'
import t from 'tap'
import { missingJava, startDynamoDBLocal } from '../../scripts/local/dynamodb-local.js'
import { needsDynamoDB } from '../helpers/service.js'

t.test('DynamoDB Local starts on a free port, and is gone when it is stopped', needsDynamoDB, async (t) => {
  t.equal(await missingJava(), undefined)
  const [one, another] = await Promise.all([startDynamoDBLocal(), startDynamoDBLocal({ path: t.testdir() })])
  t.not(one.endpoint, another.endpoint)
  for (const { endpoint, stop } of [one, another]) {
    t.equal((await fetch(endpoint)).status, 400, 'it answers that the request is not signed')
    await stop()
    await t.rejects(fetch(endpoint))
  }
})

t.test('without Java, or with an old one, it says what is missing', async (t) => {
  const { PATH } = process.env
  t.teardown(() => (process.env['PATH'] = PATH))
  process.env['PATH'] = t.testdir({ empty: {} })
  t.match(await missingJava(), /needs Java 17 or later, and no Java was found/)
})

t.test('an old Java will not do', async (t) => {
  const { PATH } = process.env
  t.teardown(() => (process.env['PATH'] = PATH))
  const folder = t.testdir({ java: '#!/bin/sh\necho \'openjdk version "11.0.2" 2019-01-15\' >&2\n' })
  await chmod(`${folder}/java`, 0o755)
  process.env['PATH'] = `${folder}:${PATH ?? ''}`
  t.match(await missingJava(), /only Java 11 was found/)
})
