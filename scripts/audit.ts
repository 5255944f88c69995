/**
 * `npm run audit`, after `npm run build`: fails if a package in the build has a known vulnerability of severity high or
 * critical. `npm audit --omit=dev` would find none: the build includes its packages, so all of them are devDependencies.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../src/package-root.js'

interface Report {
  readonly vulnerabilities?: Readonly<Record<string, { readonly severity: string; readonly range: string }>>
  readonly message?: string
}

const { components } = JSON.parse(readFileSync(join(packageRoot, 'dist/sbom.cdx.json'), 'utf8')) as {
  readonly components: readonly { readonly name: string }[]
}
const shipped = new Set(components.map(({ name }) => name))

const { stdout } = spawnSync('npm', ['audit', '--json'], {
  cwd: packageRoot,
  encoding: 'utf8',
  maxBuffer: 64 * 1024 * 1024,
})
const { vulnerabilities, message } = JSON.parse(stdout) as Report
if (vulnerabilities === undefined) throw new Error(`npm audit failed: ${message ?? stdout}`)

const found = Object.entries(vulnerabilities).filter(
  ([name, { severity }]) => shipped.has(name) && ['high', 'critical'].includes(severity),
)
for (const [name, { severity, range }] of found) process.stderr.write(`${severity}: ${name} ${range}\n`)
process.stdout.write(`${found.length} of ${shipped.size} packages in the build have a known vulnerability\n`)
process.exit(found.length === 0 ? 0 : 1)
