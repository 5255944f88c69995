import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../src/package-root.js'

interface Locked {
  readonly version: string
  readonly integrity: string
  readonly license?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly engines?: object
}

/**
 * `package.json` and `package-lock.json` of a folder with one package of our own lock file and the packages that it needs,
 * with our versions and checksums, so that `npm ci` installs exactly these.
 */
export function lockedPackage(name: string): { readonly manifest: string; readonly lock: string } {
  const { packages: ours } = JSON.parse(readFileSync(join(packageRoot, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, Locked>>
  }
  const packages: Record<string, object> = {}
  const add = (name: string) => {
    const path = `node_modules/${name}`
    const locked = ours[path]
    if (locked === undefined) throw new Error(`package-lock.json does not have ${path}`)
    if (path in packages) return locked
    const { version, integrity, license, dependencies, engines } = locked
    packages[path] = { version, integrity, license, dependencies, engines }
    Object.keys(dependencies ?? {}).forEach(add)
    return locked
  }
  const dependencies = { [name]: add(name).version }
  const root = { name: `${name}-installation`, private: true }
  return {
    manifest: json({ ...root, dependencies }),
    lock: json({
      name: root.name,
      lockfileVersion: 3,
      requires: true,
      packages: { '': { name: root.name, dependencies }, ...packages },
    }),
  }
}

const json = (value: object) => `${JSON.stringify(value, null, 2)}\n`
