/** The examples, run as their README says. */
import { execFile, spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { packageRoot } from '../../src/package-root.js'
import { needsDynamoDB, startService } from '../helpers/service.js'
import { scaled } from '../helpers/machine-speed.js'

/** The command of each example, and a command that checks for its tools; without one, the tools must exist. */
const examples: Record<string, { run: readonly [string, ...string[]]; needs?: readonly [string, string] }> = {
  'cart.sh': { run: ['bash'] },
  'cart.ts': { run: [process.execPath, '--import', 'tsx'] },
  'cart.py': { run: ['python3'], needs: ['python3', '--version'] },
  'cart.go': { run: ['go', 'run'], needs: ['go', 'version'] },
}

t.test('examples', { ...needsDynamoDB, timeout: scaled(240_000) }, async (t) => {
  const service = await startService(t)
  t.same(
    readdirSync(join(packageRoot, 'examples')).filter((name) => /\.(?!md|ndjson)/.test(name)),
    Object.keys(examples).sort(),
  )

  for (const [name, { run, needs }] of Object.entries(examples)) {
    const missing = needs !== undefined && spawnSync(needs[0], [needs[1]]).status !== 0
    const skip = missing && `${needs[0]} is not installed`
    if (skip !== false) process.stderr.write(`\n*** ${skip}: examples/${name} is not tested.\n\n`)

    t.test(name, { skip }, async (t) => {
      const table = `Example-${name}-${process.pid}`
      const [program, ...args] = run
      const env = { ...process.env, SERVICE_URL: service.url, TABLE: table }
      const { stdout } = await promisify(execFile)(program, [...args, join('examples', name)], {
        cwd: packageRoot,
        env,
      })
      t.match(stdout, /^The table .* is there\.\n/)
      t.match(stdout, /12345678901234567\.89\.\n$/)
      t.equal((await service.get(`/v1/tables/${table}`)).status, 404, 'the example deletes its table')
    })
  }
})
