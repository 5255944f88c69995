/** The ready-made Python client. Its tests are in Python; they get the service and DynamoDB Local from here. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import t from 'tap'
import { packageRoot } from '../../src/package-root.js'
import { needsProgram } from '../helpers/executable.js'
import { keyHolder } from '../helpers/access.js'
import { createTable, needsDynamoDB, startService } from '../helpers/service.js'

const python = needsProgram('Python 3.11', 'python3', 'python3')

t.test('its tests pass', { skip: needsDynamoDB.skip || python.options.skip }, async (t) => {
  const service = await startService(t)
  const { headers, entry } = keyHolder('python', ['reader'])
  const roles = { reader: [{ tables: ['*'], actions: ['admin'] }] }
  const secured = await startService(t, {}, undefined, { roles, keys: [entry] })
  const tests = spawn(python.path, ['-m', 'unittest', '-v', 'client_test'], {
    cwd: join(packageRoot, 'test/clients'),
    env: {
      ...process.env,
      PYTHONPATH: join(packageRoot, 'clients/python/src'),
      PYTHONDONTWRITEBYTECODE: '1',
      SERVICE_URL: service.url,
      SECURED_URL: secured.url,
      SERVICE_KEY: headers['x-api-key'],
      TABLE: await createTable(t, service, { sortKey: true }),
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let output = ''
  tests.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  await once(tests, 'close')
  t.equal(tests.exitCode, 0, output)
  t.match(output, /^Ran \d\d tests /m)
})
