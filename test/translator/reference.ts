import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { packageRoot } from '../../src/package-root.js'

export type Translation = typeof import('./translation.js')

/** The same sources as they are where there is no WebAssembly: JavaScript alone, which is the reference. */
export async function loadReference(): Promise<Translation> {
  const folder = mkdtempSync(join(tmpdir(), 'reference-'))
  const outfile = join(folder, 'reference.mjs')
  try {
    await build({
      entryPoints: [join(packageRoot, 'test/translator/translation.ts')],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      // The module of the translation is not created then.
      define: { WebAssembly: 'undefined' },
      banner: {
        js: `import { createRequire as requireFrom } from 'node:module'\nconst require = requireFrom(import.meta.url)`,
      },
      logLevel: 'warning',
    })
    const reference = (await import(pathToFileURL(outfile).href)) as Translation
    if (reference.translator !== undefined) throw new Error('the reference uses WebAssembly')
    return reference
  } finally {
    rmSync(folder, { recursive: true })
  }
}
