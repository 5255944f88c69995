/** docs/secure-in-ten-minutes.md: every block, in order, in a copy of the checkout, with the answers that it prints. */
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { packageRoot } from '../../src/package-root.js'
import { interrupt, startDev, withDigits } from '../helpers/dev.js'
import { needsDynamoDB } from '../helpers/service.js'
import { scaled } from '../helpers/machine-speed.js'

const START = 'AUTH=policy ACCESS_FILE=access.yaml npm run dev\n'

t.test('the guide works as printed', { ...needsDynamoDB, timeout: scaled(180_000) }, async (t) => {
  const guide = readFileSync(join(packageRoot, 'docs/secure-in-ten-minutes.md'), 'utf8')
  const blocks = [...guide.matchAll(/```sh\n([^`]*(?:`[^`][^`]*)*)```\n(?:\n```json\n([^`]*)\n```)?/g)]
  t.ok(blocks.length > 10)
  const cwd = t.testdir()
  for (const name of readdirSync(packageRoot)) {
    if (!name.startsWith('.')) symlinkSync(join(packageRoot, name), join(cwd, name))
  }
  let url = ''
  for (const [, command = '', expected] of blocks) {
    if (command === START) {
      const started = await startDev(t, { AUTH: 'policy', ACCESS_FILE: 'access.yaml' }, cwd)
      url = started.url
      t.teardown(() => interrupt(started.dev))
      continue
    }
    const script = command.replaceAll('http://127.0.0.1:3000', url).replace(/^curl /, 'curl -sS ')
    const { stdout } = await promisify(execFile)('sh', ['-c', script], { cwd })
    if (expected === undefined) continue
    if (expected.startsWith('{"status":')) t.match(JSON.parse(stdout), JSON.parse(expected), command)
    else t.same(withDigits(stdout), withDigits(expected), command)
  }
})
