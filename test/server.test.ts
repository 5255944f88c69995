/** The process: how it starts, how it refuses to, and how it ends. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { packageRoot } from '../src/package-root.js'
import { answer, startStandIn } from './helpers/stand-in.js'

const surroundings = {
  PATH: process.env['PATH'],
  HOME: '/nonexistent',
  AWS_EC2_METADATA_DISABLED: 'true',
  // With these, tap sees what the process covers.
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => /^(?:NODE_OPTIONS|_?TAP)/.test(name))),
}
const aws = { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'top-secret' }

/** Starts the process; with the sources, as the build is tested by `.ci/run`. */
function start(t: Test, env: Record<string, string>) {
  const server = spawn(process.execPath, [...process.execArgv, join('src', 'server.ts')], {
    cwd: packageRoot,
    env: { ...surroundings, PORT: '0', ...env },
  })
  t.teardown(() => server.kill('SIGKILL'))
  let output = ''
  const collect = (chunk: Buffer) => (output += chunk.toString())
  server.stdout.on('data', collect)
  server.stderr.on('data', collect)
  const exited = once(server, 'exit') as Promise<[code: number | null]>
  const listening = async () => {
    for (;;) {
      const [, url] = /Server listening at (http:\/\/[\d.:[\]]+)/.exec(output) ?? []
      if (url !== undefined) return url
      if (server.exitCode !== null) throw new Error(output)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  return { server, exited, listening, output: () => output }
}

t.test('a wrong setting stops the start with a message that says what would be right', async (t) => {
  const wrong: [env: Record<string, string>, message: RegExp][] = [
    [{ ...aws, PORT: 'http' }, /PORT="http" is wrong: it must be a whole number from 0 to 65535/],
    [{ ...aws, HOST: '0.0.0.0' }, /HOST="0\.0\.0\.0" is refused: .*AUTH=none/],
    [{ PORT: '0' }, /AWS_REGION is not set.*such as eu-central-1/],
    [
      { ...aws, AWS_ENDPOINT_URL_DYNAMODB: 'dynamodb:8000' },
      /AWS_ENDPOINT_URL_DYNAMODB="dynamodb:8000" is wrong/,
    ],
  ]
  await Promise.all(
    wrong.map(async ([env, message]) => {
      const { exited, output } = start(t, env)
      t.same(await exited, [1, null], String(message))
      t.match(output(), message)
      t.notMatch(output(), /at \w+ \(|top-secret/, 'without a stack or a secret')
    }),
  )
})

t.test('SIGTERM lets what is under way finish, takes nothing new, and ends with 0', async (t) => {
  const finish: (() => void)[] = []
  const standIn = await startStandIn(t, (_arrived, response) => {
    finish.push(() => {
      answer(response, { Attributes: { id: { S: 'a' } } })
    })
  })
  const { server, exited, listening, output } = start(t, {
    ...aws,
    AWS_ENDPOINT_URL_DYNAMODB: standIn.endpoint,
  })
  const url = await listening()
  const call = fetch(`${url}/v1/tables/T/put`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-request-id': 'under-way' },
    body: '{"item":{"id":"a"}}',
  })
  while (finish.length === 0) await new Promise((resolve) => setTimeout(resolve, 10))
  server.kill('SIGTERM')
  while (!output().includes('stopping')) await new Promise((resolve) => setTimeout(resolve, 10))
  await t.rejects(fetch(`${url}/health/live`), 'no new connection')
  finish[0]?.()
  const answered = await call
  t.equal(answered.status, 200)
  t.same(await answered.json(), { attributes: { id: 'a' } })
  t.same(await exited, [0, null])
  t.match(output(), /"requestId":"under-way".*"statusCode":200/)
  t.notMatch(output(), /top-secret/)
})

t.test('what is not finished after SHUTDOWN_GRACE_MS is cut off', async (t) => {
  const standIn = await startStandIn(t, () => undefined)
  const env = { ...aws, AWS_ENDPOINT_URL_DYNAMODB: standIn.endpoint, SHUTDOWN_GRACE_MS: '200' }
  const { server, exited, listening, output } = start(t, env)
  const call = fetch(`${await listening()}/v1/tables`)
  call.catch(() => undefined)
  while (standIn.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 10))
  server.kill('SIGTERM')
  t.same(await exited, [1, null])
  await t.rejects(call)
  t.match(output(), /not everything was finished within SHUTDOWN_GRACE_MS/)
})
