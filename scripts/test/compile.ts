/**
 * Compiles the tests and what they test, once for all of them: a compiler in each of the processes that `npm test` starts
 * would take longer than most tests.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { build, type Plugin } from 'esbuild'
import { parse } from 'yaml'
import { packageRoot } from '../../src/package-root.js'
import { bundlePackages } from './packages.js'

/** The folders that tests import from. */
const SOURCES = ['src', 'routes', 'schemas', 'scripts', 'bench', 'clients/typescript/src', 'test']
/** Where the compiled files are, each at the path of its source. */
const FOLDER = '.test-build'
/** Where the bundled packages are. By the name of this folder, tap and c8 know that their code is not ours. */
const PACKAGES = `${FOLDER}/node_modules`

/**
 * Compiles all files, without checking types, and writes `openapi.yaml` as JSON beside them. Compiled files that are the
 * same as before are not touched, since a test may run.
 */
export async function compileTests(): Promise<void> {
  const packages = await bundlePackages(join(packageRoot, PACKAGES))
  const entryPoints = SOURCES.flatMap((folder) => filesIn(join(packageRoot, folder), '.ts'))
  const outdir = join(packageRoot, FOLDER)
  const { outputFiles } = await build({
    entryPoints,
    outdir,
    outbase: packageRoot,
    // Nothing is bundled, but only a bundler changes imports.
    bundle: true,
    plugins: [importsOf(packages)],
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    // Coverage needs the source maps, and Node.js for stack traces.
    sourcemap: 'inline',
    sourcesContent: false,
    write: false,
  })
  const stale = new Set(SOURCES.flatMap((folder) => filesIn(join(outdir, folder), '.js')))
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

/** Leaves all imports as they are, except those of bundled packages. */
const importsOf = (packages: ReadonlyMap<string, string>): Plugin => ({
  name: 'imports',
  setup(build) {
    build.onResolve({ filter: /^/ }, ({ path, kind }) =>
      kind === 'entry-point' ? undefined : { path: packages.get(path) ?? path, external: true },
    )
  },
})

/** The compiled file of a source. */
export const compiled = (source: string): string => join(FOLDER, source).replace(/\.ts$/, '.js')

function filesIn(folder: string, ending: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name))
}
