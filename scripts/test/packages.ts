/**
 * Bundles the packages that most tests load into a file each: typebox has 680 files, and Node.js takes longer to find and
 * read them than most tests take.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build, type Plugin } from 'esbuild'
import { packageRoot } from '../../src/package-root.js'

/** What our sources import. Tests load any other package from `node_modules`. */
const BUNDLED = [
  '@aws-sdk/client-dynamodb',
  '@aws-sdk/lib-dynamodb',
  '@fastify/cors',
  '@opentelemetry/api',
  '@opentelemetry/core',
  '@opentelemetry/exporter-trace-otlp-http',
  '@opentelemetry/resources',
  '@opentelemetry/sdk-trace-base',
  '@smithy/core/endpoints',
  'ajv',
  'aws4',
  'csv-parse/sync',
  'csv-stringify/sync',
  'fast-check',
  'fastify',
  'ioredis',
  'jose',
  'pino',
  'prom-client',
  'tap',
  'typebox',
  'typebox/compile',
  'typebox/system',
  'undici',
  'yaml',
]

/**
 * Bundles the packages, unless they are the same as the last time.
 * @param folder where they are written
 * @returns the path of the file of each package
 */
export async function bundlePackages(folder: string): Promise<ReadonlyMap<string, string>> {
  const key = ['package-lock.json', 'scripts/test/packages.ts']
    .reduce((hash, name) => hash.update(readFileSync(join(packageRoot, name))), createHash('sha256'))
    .digest('hex')
  const keyFile = join(folder, 'key')
  if (!existsSync(keyFile) || readFileSync(keyFile, 'utf8') !== key) {
    rmSync(folder, { recursive: true, force: true })
    await bundle(folder)
    writeFileSync(keyFile, key)
  }
  return new Map(BUNDLED.map((name) => [name, join(folder, `${fileOf(name)}.mjs`)]))
}

async function bundle(folder: string): Promise<void> {
  await build({
    entryPoints: BUNDLED.map((name) => ({ in: ENTRY + name, out: fileOf(name) })),
    outdir: folder,
    bundle: true,
    // What two packages need is one module for both.
    splitting: true,
    platform: 'node',
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    target: 'node20.19',
    // The same files that Node.js would choose, not those for bundlers.
    conditions: [],
    banner: {
      js: `import { createRequire as requireFrom } from 'node:module'\nconst require = requireFrom(import.meta.url)`,
    },
    plugins: [entries(exportsOf(BUNDLED))],
    logLevel: 'warning',
  })
}

/** The path of the file of a package, without its ending. tap leaves files of such a folder out of stack traces. */
const fileOf = (name: string) => (name === 'tap' ? '@tapjs/tap' : name)

const ENTRY = 'entry:'

/** An entry exports what the package exports in Node.js. For CommonJS, esbuild alone would export only its default. */
const entries = (exports: Readonly<Record<string, readonly string[]>>): Plugin => ({
  name: 'entries',
  setup(build) {
    build.onResolve({ filter: new RegExp(`^${ENTRY}`) }, ({ path }) => ({
      // As an ES module of Node.js, it sees the `default` of a CommonJS package that Node.js shows.
      path: `${path.slice(ENTRY.length)}.mjs`,
      namespace: 'entry',
      pluginData: path.slice(ENTRY.length),
    }))
    build.onLoad({ filter: /^/, namespace: 'entry' }, ({ pluginData }) => ({
      contents: `export { ${exports[String(pluginData)]?.join(', ') ?? ''} } from '${String(pluginData)}'`,
      resolveDir: packageRoot,
    }))
  },
})

/** Prints the names that each package exports. */
const LIST_EXPORTS = `
  const names = process.argv.slice(1)
  const lists = await Promise.all(names.map(async (name) => Object.keys(await import(name))))
  console.log(JSON.stringify(Object.fromEntries(names.map((name, index) => [name, lists[index]]))))
  process.exit()`

/** The names that the packages export. A process of its own loads them: tap runs from the moment when it is loaded. */
function exportsOf(names: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const options = { cwd: packageRoot, encoding: 'utf8' } as const
  const output = execFileSync(
    process.execPath,
    ['--input-type=module', '-e', LIST_EXPORTS, ...names],
    options,
  )
  const lists = JSON.parse(output) as Record<string, string[]>
  const isName = (name: string) => /^[\w$]+$/.test(name) && name !== '__esModule'
  return Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, list.filter(isName)]))
}
