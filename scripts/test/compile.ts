/**
 * Compiles the tests and what they test, once for all of them: a compiler in each of the processes that tap starts would
 * take longer than most tests.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { build } from 'esbuild'
import { parse } from 'yaml'
import { packageRoot } from '../../src/package-root.js'

/** The folders that tests import from. */
const SOURCES = ['src', 'routes', 'schemas', 'scripts', 'bench', 'clients/typescript/src', 'test']
/** Where the compiled files are, each at the path of its source. */
const FOLDER = '.test-build'

/**
 * Compiles all files, without checking types, and writes `openapi.yaml` as JSON beside them. Compiled files that are the
 * same as before are not touched, since a test may run.
 */
export async function compileTests(): Promise<void> {
  const entryPoints = SOURCES.flatMap((folder) => filesIn(join(packageRoot, folder), '.ts'))
  const outdir = join(packageRoot, FOLDER)
  const { outputFiles } = await build({
    entryPoints,
    outdir,
    outbase: packageRoot,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    // tap needs the source maps for coverage, and Node.js for stack traces.
    sourcemap: 'inline',
    sourcesContent: false,
    write: false,
  })
  const stale = new Set(existsSync(outdir) ? filesIn(outdir, '.js') : [])
  for (const { path, contents } of outputFiles) {
    if (stale.delete(path) && readFileSync(path).equals(contents)) continue
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, contents)
  }
  for (const path of stale) rmSync(path)
  // Nearly every test reads the description of the API, and half a megabyte of YAML takes a second.
  const description: unknown = parse(readFileSync(join(packageRoot, 'openapi.yaml'), 'utf8'))
  writeFileSync(join(outdir, 'openapi.json'), JSON.stringify(description))
}

function filesIn(folder: string, ending: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name))
}

/** An argument of tap that names a test file, a folder of tests or a pattern, with the compiled files in its place. */
export function toCompiled(arg: string): string {
  const [, option = '', path] = /^(--exclude=)?(?:\.\/)?(test(?:\/.*)?)$/.exec(relativeToRoot(arg)) ?? []
  return path === undefined ? arg : option + join(FOLDER, path).replace(/\.ts$/, '.js')
}

/** The source of a test file that tap names. */
export function toSource(name: string): string {
  return name.replace(`${FOLDER}/`, '').replace(/\.test\.js(?=$|\s)/, '.test.ts')
}

function relativeToRoot(arg: string): string {
  return arg.startsWith(packageRoot) ? relative(packageRoot, arg) : arg
}
