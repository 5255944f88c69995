/**
 * `npm run build`, once the types are checked: the service and all that it needs of its packages, as few files. Node.js
 * takes longer to find and to read a thousand files than to run what is in them.
 */
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build, type Plugin } from 'esbuild'
import { BUILT, FILES } from '../routes/docs.js'
import { packageRoot } from '../src/package-root.js'

/** What Fastify and undici load in any case, for what the service does not do; and what they get instead. */
const unused: Readonly<Record<string, string>> = {
  // The service brings a compiler of its own.
  '@fastify/ajv-compiler': 'module.exports = () => undefined',
  // Answers are not written by schema.
  '@fastify/fast-json-stringify-compiler': 'module.exports = () => undefined',
  // app.inject() is for tests.
  'light-my-request': '',
  // HTTP/2 is neither served nor spoken.
  'node:http2': 'exports.constants = {}',
}

const leaveOut: Plugin = {
  name: 'leave out',
  setup(build) {
    build.onResolve({ filter: new RegExp(`^(?:${Object.keys(unused).join('|')})$`) }, ({ path, importer }) =>
      /node_modules\/(?:fastify|undici)\//.test(importer) ? { path, namespace: 'unused' } : undefined,
    )
    build.onLoad({ filter: /^/, namespace: 'unused' }, ({ path }) => ({ contents: unused[path] ?? '' }))
    // Its one entry brings fetch, caches, mocks and WebSockets along. Whoever imports more than this fails the build.
    build.onLoad({ filter: /node_modules\/undici\/index\.js$/ }, () => ({
      contents: `export { default as Pool } from './lib/dispatcher/pool.js'`,
    }))
  },
}

const outdir = join(packageRoot, 'dist')
rmSync(outdir, { recursive: true, force: true })
const { metafile } = await build({
  entryPoints: [join(packageRoot, 'src/server.ts')],
  outdir,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  // Of packages that come as CommonJS too, the ES modules: only of these can be left out what is not used.
  mainFields: ['module', 'main'],
  // What is imported when it is needed stays a file of its own, such as most ways to find credentials.
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  // Names stay as they are, so that stacks can be read. Lines of the sources cost a third of the start, and are there
  // for the asking: node --enable-source-maps.
  sourcemap: true,
  sourcesContent: false,
  metafile: true,
  // CommonJS packages call it for what is built into Node.js.
  banner: {
    js: `import { createRequire as requireFrom } from 'node:module'\nconst require = requireFrom(import.meta.url)`,
  },
  plugins: [leaveOut],
  logLevel: 'warning',
})
// The page at /docs, as it is.
for (const [name, { source }] of Object.entries(FILES)) {
  cpSync(join(packageRoot, source), join(packageRoot, BUILT, name))
}

// What is handed on is handed on under the licences it came with.
const sources = [...Object.keys(metafile.inputs), ...Object.values(FILES).map(({ source }) => source)]
const packages = new Set(
  sources.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []),
)
writeFileSync(join(outdir, 'LICENSES.txt'), [...packages].sort().map(licenceOf).join('\n'))

/** The name of a package, its licence, and the texts that come with it. */
function licenceOf(folder: string): string {
  const read = (name: string) => readFileSync(join(packageRoot, folder, name), 'utf8')
  const { name, version, license } = JSON.parse(read('package.json')) as Record<string, string>
  const texts = readdirSync(join(packageRoot, folder)).filter((file) =>
    /^(?:licen[cs]e|notice|copying)\b/i.test(file),
  )
  return [`${'='.repeat(80)}\n${name}@${version}: ${license}\n`, ...texts.map(read)].join('\n')
}
