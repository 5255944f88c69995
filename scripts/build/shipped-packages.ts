/** The packages whose code is in the build. They are no dependencies of the published package: the build includes them. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../src/package-root.js'

export interface ShippedPackage {
  readonly name: string
  readonly version: string
  /** An SPDX license expression. */
  readonly license: string
  /** The license texts in its folder. */
  readonly texts: readonly string[]
  /** The checksum of its archive (Subresource Integrity), from `package-lock.json`. */
  readonly integrity: string
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly integrity?: string }>>
}

/** Licenses that ask for a notice at most. The notices are in `dist/LICENSES.txt`. */
const PERMISSIVE = /^(?:MIT|ISC|Apache-2\.0|BSD-[23]-Clause|0BSD|BlueOak-1\.0\.0)$/

const read = (...path: readonly string[]) => readFileSync(join(packageRoot, ...path), 'utf8')

/**
 * The packages that contain these files, sorted by name.
 * @param files relative to the package's root
 * @throws Error if one has a license that we do not accept, or no checksum
 */
export function shippedPackages(files: readonly string[]): readonly ShippedPackage[] {
  const { packages } = JSON.parse(read('package-lock.json')) as Lock
  const folders = new Set(
    files.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []),
  )
  return [...folders].sort().map((folder) => {
    const {
      name = folder,
      version = '',
      license = 'none',
    } = JSON.parse(read(folder, 'package.json')) as Record<'name' | 'version' | 'license', string | undefined>
    const choices = license.replace(/[()]/g, '').split(' OR ')
    if (!choices.some((one) => PERMISSIVE.test(one)))
      throw new Error(`${name}@${version} has the license ${license}, which scripts/build does not accept`)
    const integrity = packages[folder]?.integrity
    if (integrity === undefined) throw new Error(`package-lock.json has no checksum of ${folder}`)
    const texts = readdirSync(join(packageRoot, folder))
      .filter((file) => /^(?:licen[cs]e|notice|copying)\b/i.test(file))
      .map((file) => read(folder, file))
    return { name, version, license, texts, integrity }
  })
}

/** `LICENSES.txt`: each package with its license texts. */
export function licenses(packages: readonly ShippedPackage[]): string {
  return packages
    .map(({ name, version, license, texts }) =>
      [`${'='.repeat(80)}\n${name}@${version}: ${license}\n`, ...texts].join('\n'),
    )
    .join('\n')
}

/**
 * A software bill of materials (CycloneDX 1.6). Scanners find no `node_modules` in the package and the image, so they
 * need this file to know what is in them. It has no time and no serial number: the same sources give the same bytes.
 */
export function billOfMaterials(name: string, version: string, packages: readonly ShippedPackage[]): string {
  const component = (name: string, version: string) => ({
    'bom-ref': packageUrl(name, version),
    name,
    version,
    purl: packageUrl(name, version),
  })
  const bom = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: { type: 'application', ...component(name, version) } },
    components: packages.map(({ name, version, license, integrity }) => ({
      type: 'library',
      ...component(name, version),
      scope: 'required',
      hashes: [checksum(integrity)],
      licenses: [{ expression: license }],
    })),
  }
  return `${JSON.stringify(bom, null, 2)}\n`
}

/** A package URL (purl). The `@` of a scope is escaped. */
const packageUrl = (name: string, version: string) => `pkg:npm/${name.replace('@', '%40')}@${version}`

/** `sha512-<base64>` as CycloneDX writes it. */
function checksum(integrity: string): { readonly alg: string; readonly content: string } {
  const [algorithm = '', digest = ''] = integrity.split('-')
  return { alg: algorithm.replace('sha', 'SHA-'), content: Buffer.from(digest, 'base64').toString('hex') }
}
