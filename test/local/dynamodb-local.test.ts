import { chmod } from 'node:fs/promises'
import t from 'tap'
import { missingJava, startDynamoDBLocal } from '../../src/local/dynamodb-local.js'
import { needsDynamoDB } from '../helpers/service.js'

t.test('startDynamoDBLocal starts on a free port, and stop ends the process', needsDynamoDB, async (t) => {
  t.equal(await missingJava(), undefined)
  const [one, another] = await Promise.all([startDynamoDBLocal(), startDynamoDBLocal({ path: t.testdir() })])
  t.not(one.endpoint, another.endpoint)
  for (const { endpoint, stop } of [one, another]) {
    t.equal((await fetch(endpoint)).status, 400, 'DynamoDB Local answers 400 to an unsigned request')
    await stop()
    await t.rejects(fetch(endpoint))
  }
})

t.test('missingJava says what to install if there is no Java', async (t) => {
  const { PATH } = process.env
  t.teardown(() => (process.env['PATH'] = PATH))
  process.env['PATH'] = t.testdir({ empty: {} })
  t.match(await missingJava(), /needs Java 17 or later, and no Java was found/)
})

t.test('missingJava says what to install if Java is too old', async (t) => {
  const { PATH } = process.env
  t.teardown(() => (process.env['PATH'] = PATH))
  const folder = t.testdir({ java: '#!/bin/sh\necho \'openjdk version "11.0.2" 2019-01-15\' >&2\n' })
  await chmod(`${folder}/java`, 0o755)
  process.env['PATH'] = `${folder}:${PATH ?? ''}`
  t.match(await missingJava(), /only Java 11 was found/)
})
