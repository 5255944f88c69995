/** What the service is built from: pinned, from the registry, without install scripts, and under licenses that we accept. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { packageRoot, version } from '../../src/package-root.js'

const read = (...path: string[]) => readFileSync(join(packageRoot, ...path), 'utf8')

interface LockedPackage {
  readonly resolved?: string
  readonly integrity?: string
  readonly license?: string
  readonly inBundle?: boolean
  readonly hasInstallScript?: boolean
}

const { packages } = JSON.parse(read('package-lock.json')) as {
  readonly packages: Readonly<Record<string, LockedPackage>>
}
const installed = Object.entries(packages).filter(([path]) => path !== '')

/**
 * Licenses of packages that we use. Those of packages in the build are fewer: `scripts/build/shipped-packages.ts` holds the
 * build to licenses that ask for a notice at most.
 */
const ACCEPTED =
  /^(?:MIT|ISC|Apache-2\.0|BSD-[23]-Clause|0BSD|BlueOak-1\.0\.0|Python-2\.0|CC0-1\.0|CC-BY-3\.0)$/
/** Packages whose lock entry names no license: MIT, as their LICENSE file says. */
const NOT_NAMED = ['node_modules/jsonc-simple-parser']

t.test('every package has a license that we accept', async (t) => {
  for (const [path, { license }] of installed) {
    if (license === undefined && NOT_NAMED.includes(path)) continue
    const choices = (license ?? 'none').replace(/[()]/g, '').split(' OR ')
    if (!choices.some((one) => ACCEPTED.test(one))) t.fail(`${path}: ${license ?? 'no license'}`)
  }
})

t.test('every package has a checksum, and comes from the registry', async (t) => {
  for (const [path, { resolved = '', integrity = '', inBundle }] of installed) {
    // Without `resolved`, npm asks the registry.
    const isFromRegistry = resolved === '' || resolved.startsWith('https://registry.npmjs.org/')
    if (!isFromRegistry || !(integrity.startsWith('sha512-') || inBundle === true)) t.fail(path)
  }
})

t.test('no package runs an install script', async (t) => {
  t.match(read('.npmrc'), /^ignore-scripts=true$/m)
  t.match(read('Dockerfile'), 'npm ci --ignore-scripts')
  // Those that have one do not need it. Look at another one before you add it here.
  t.strictSame(
    installed.filter(([, { hasInstallScript }]) => hasInstallScript === true).map(([path]) => path),
    ['node_modules/@scarf/scarf', 'node_modules/esbuild'],
  )
})

t.test('the published package installs no other package, since its build includes them', async (t) => {
  const { dependencies, optionalDependencies, peerDependencies } = JSON.parse(read('package.json')) as Record<
    string,
    unknown
  >
  t.strictSame([dependencies, optionalDependencies, peerDependencies], [undefined, undefined, undefined])
})

t.test('versions of packages, images and actions are pinned', async (t) => {
  const { devDependencies = {} } = JSON.parse(read('package.json')) as Record<string, object>
  for (const version of Object.values(devDependencies)) t.match(version, /^\d+\.\d+\.\d+/)

  const workflows = join('.github', 'workflows')
  const texts = [
    read('Dockerfile'),
    read('docker-compose.yml'),
    ...readdirSync(join(packageRoot, workflows)).map((name) => read(workflows, name)),
  ].join('\n')
  const images = [...texts.matchAll(/^(?:FROM(?: --platform=\$BUILDPLATFORM)?| *image:) (.+)$/gm)].map(
    ([, image]) => image,
  )
  // A workflow of this repository is not pinned.
  const actions = [...texts.matchAll(/ uses: (?!\.\/)(.+)$/gm)].map(([, action]) => action)
  t.ok(images.length >= 3 && actions.length >= 3)
  for (const image of images) t.match(image, /^[\w./-]+:[\w.-]+@sha256:[\da-f]{64}(?: AS \w+)?$/)
  for (const action of actions) t.match(action, /^[\w./-]+@[\da-f]{40} # v\d+\.\d+\.\d+$/)
})

t.test(
  'a release needs every check, and each of its jobs has only the permissions that it uses',
  async (t) => {
    interface Job {
      readonly needs?: string | readonly string[]
      readonly uses?: string
      readonly permissions: Readonly<Record<string, string>>
    }
    const { permissions, jobs } = parse(read('.github/workflows/release.yml')) as {
      readonly permissions: object
      readonly jobs: Readonly<Record<string, Job>>
    }
    t.strictSame(permissions, {})
    t.strictSame(
      Object.fromEntries(
        Object.entries(jobs).map(([name, job]) => [name, [job.needs ?? 'nothing', job.permissions]]),
      ),
      {
        ci: ['nothing', { contents: 'read' }],
        package: ['ci', { contents: 'read', 'id-token': 'write' }],
        image: ['ci', { contents: 'read', packages: 'write' }],
        notes: [['package', 'image'], { contents: 'write' }],
      },
    )
    t.equal(jobs['ci']?.uses, './.github/workflows/ci.yml')
    t.notMatch(read('.github/workflows/release.yml'), /secrets\./)
  },
)

t.test('CHANGELOG.md has a section for the version of package.json, with its day', async (t) => {
  t.match(
    read('CHANGELOG.md'),
    new RegExp(`^## ${version.replaceAll('.', '\\.')} - 20\\d\\d-\\d\\d-\\d\\d$`, 'm'),
  )
})
