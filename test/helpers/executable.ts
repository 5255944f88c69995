import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

const isExecutable = (path: string) => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The path of a program with one of these names in the PATH. */
export function findExecutable(...names: readonly string[]): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find(isExecutable)
}

/** A program that some tests need, and options for these tests: without the program they are skipped. */
export interface Needed {
  readonly path: string
  readonly options: { readonly skip: string | false }
}

/**
 * Looks for a program in the PATH. Without it, the tests that need it are skipped, and stderr says so.
 * @param program its name for people
 * @param debianPackage the package that has it
 * @param names of the executable
 * @throws Error if it is missing in CI, where nothing is skipped silently
 */
export function needsProgram(program: string, debianPackage: string, ...names: readonly string[]): Needed {
  const path = findExecutable(...names)
  if (path !== undefined) return { path, options: { skip: false } }
  const missing = `There is no ${program} in the PATH (Debian: apt-get install ${debianPackage})`
  if (process.env['CI'] === 'true') throw new Error(missing)
  process.stderr.write(`\n*** ${missing}\n*** The tests that need it are skipped.\n\n`)
  // No test uses the path: all are skipped.
  return { path: names[0] ?? '', options: { skip: missing } }
}
