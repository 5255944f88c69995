import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot, version } from '../../src/package-root.js'

const FOLDER = join(packageRoot, 'dist/clients')

/**
 * Packs the ready-made clients.
 * @returns the paths of the archives: that of npm, and the wheel if there is Python 3.11
 * @throws Error if a client does not compile, or if there is no Python in CI
 */
export function packClients(): readonly string[] {
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(FOLDER, { recursive: true })
  return [packTypeScript(), ...packPython()]
}

function packTypeScript(): string {
  const folder = join(packageRoot, 'clients/typescript')
  rmSync(join(folder, 'dist'), { recursive: true, force: true })
  run('npx', ['tsc', '-p', folder])
  run('npm', ['pack', folder, '--silent', '--pack-destination', FOLDER])
  return join(FOLDER, `dynamodb-storage-client-${version}.tgz`)
}

function packPython(): readonly string[] {
  const isEnough = 'import sys; sys.exit(sys.version_info < (3, 11))'
  if (spawnSync('python3', ['-c', isEnough]).status !== 0) {
    const missing = 'The wheel of the Python client is NOT PACKED: it needs Python 3.11'
    if (process.env['CI'] === 'true') throw new Error(missing)
    process.stderr.write(`\n*** ${missing}\n\n`)
    return []
  }
  const folder = join(packageRoot, 'clients/python')
  run('python3', ['-m', 'pip', 'wheel', '--quiet', '--no-deps', '--wheel-dir', FOLDER, folder])
  return [join(FOLDER, `dynamodb_storage_client-${version}-py3-none-any.whl`)]
}

function run(command: string, args: readonly string[]): void {
  const env = { ...process.env, PIP_DISABLE_PIP_VERSION_CHECK: '1' }
  execFileSync(command, args, { cwd: packageRoot, env, stdio: ['ignore', 'ignore', 'inherit'] })
}
