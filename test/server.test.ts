/** The process: invalid settings stop its start. `reliability/shutdown.test.ts` tests its shutdown. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { sourceProcess } from './helpers/process.js'
import { within } from './helpers/within.js'

const aws = { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'top-secret' }

t.test('an invalid setting stops the start with a message that names a valid value', async (t) => {
  const wrong: [env: Record<string, string>, message: RegExp][] = [
    [{ ...aws, PORT: 'http' }, /PORT="http" is invalid: it must be a whole number from 0 to 65535/],
    [{ ...aws, HOST: '0.0.0.0' }, /HOST="0\.0\.0\.0" is refused: .*AUTH=none/],
    [{ PORT: '0' }, /AWS_REGION is not set.*such as eu-central-1/],
    [
      { ...aws, AWS_ENDPOINT_URL_DYNAMODB: 'dynamodb:8000' },
      /AWS_ENDPOINT_URL_DYNAMODB="dynamodb:8000" is invalid/,
    ],
  ]
  await Promise.all(
    wrong.map(async ([env, message]) => {
      const { exited, output } = sourceProcess(t, env)
      t.same(await exited, [1, null], String(message))
      t.match(output(), message)
      t.notMatch(output(), /at \w+ \(|top-secret/, 'without a stack or a secret')
    }),
  )
})

t.test('SIGHUP makes the service read the policy file again, and does not stop it', async (t) => {
  const file = join(t.testdir({ 'access.yaml': 'roles: {}' }), 'access.yaml')
  const env = { ...aws, AUTH: 'policy', ACCESS_FILE: file }
  const { server, exited, listening, output } = sourceProcess(t, env)
  await listening()
  await writeFile(file, 'roles: { none: [] }')
  server.kill('SIGHUP')
  await within(30_000, () => output().includes('the new policy is in force'))
  t.notMatch(output(), /"stopping"/)
  server.kill('SIGTERM')
  t.same(await exited, [0, null])
})
