/** `npm run dev` as a newcomer starts it. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { packageRoot } from '../../src/package-root.js'
import { interrupt, startDev } from '../helpers/dev.js'
import { needsDynamoDB } from '../helpers/service.js'
import { scaled } from '../helpers/machine-speed.js'

const sh = async (command: string) => (await promisify(execFile)('sh', ['-c', `${command} -sS`])).stdout

t.test('npm run dev', { ...needsDynamoDB, timeout: scaled(120_000) }, async (t) => {
  const { dev, url, database, printed } = await startDev(t)

  t.test('prints curl commands that work as pasted', async (t) => {
    const lines = [...printed().matchAll(/^ {2}(curl .*(?:(?:\n {4}.*)+\n {2}\}')?)$/gm)].map(
      ([, line = '']) => line,
    )
    t.equal(lines.length, 3)
    for (const line of lines) t.match(await sh(line), /^\{(?:"amount"|"items"|\})/, line)
  })

  t.test('allows creating tables', async (t) => {
    const answer = await fetch(`${url}/v1/tables`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"tableName":"x"}',
    })
    t.equal(answer.status, 400)
  })

  t.test('stops on Ctrl-C and leaves no process behind', async (t) => {
    await interrupt(dev)
    await t.rejects(fetch(url), 'the service has stopped')
    await t.rejects(fetch(database), 'DynamoDB Local has stopped')
  })
})

t.test(
  'npm run dev keeps its data in DYNAMODB_LOCAL_PATH',
  { ...needsDynamoDB, timeout: scaled(120_000) },
  async (t) => {
    const folder = join(t.testdir(), 'data')
    for (const [operation, body] of [
      ['put', { item: { customer: 'kept', placed: 'today' } }],
      ['get', { key: { customer: 'kept', placed: 'today' } }],
    ] as const) {
      const { dev, url } = await startDev(t, { DYNAMODB_LOCAL_PATH: folder })
      const { status } = await fetch(`${url}/v1/tables/Orders/${operation}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      t.equal(status, 200, operation)
      await interrupt(dev)
    }
  },
)

t.test('npm run dev ends with the test that starts it', needsDynamoDB, async (t) => {
  let database = ''
  await t.test('a test', async (t) => {
    database = (await startDev(t)).database
    await fetch(database)
  })
  await t.rejects(fetch(database), 'DynamoDB Local has stopped')
})

t.test('npm run dev says how to install a missing Java', async (t) => {
  const { scripts } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
    scripts: { dev: string }
  }
  const bin = join(packageRoot, 'node_modules', '.bin')
  const path = t.testdir({
    node: t.fixture('symlink', process.execPath),
    sh: t.fixture('symlink', '/bin/sh'),
  })
  const failed = await promisify(execFile)('/bin/sh', ['-c', scripts.dev], {
    cwd: packageRoot,
    env: { PATH: `${path}:${bin}` },
  }).catch((error: unknown) => error as { code: number; stderr: string })
  t.match(failed, {
    code: 1,
    stderr: /DynamoDB Local needs Java 17.*no Java was found.*Install it.*docker compose up/s,
  })
})
