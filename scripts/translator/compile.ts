import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { packageRoot } from '../../src/package-root.js'

/** As a program: the types of its library redefine those of arrays everywhere. */
const COMPILER = join(packageRoot, 'node_modules/assemblyscript/bin/asc.js')
/** In pages of 64 KiB: what `memory.ts` needs. It never grows, and what is not used takes no memory. */
const PAGES = '88'

/**
 * Compiles AssemblyScript.
 * @param folder with `index.ts`
 * @returns a WebAssembly module; the same sources always give the same bytes
 * @throws Error with the compiler's messages
 */
export async function compile(folder: string): Promise<Uint8Array> {
  const out = mkdtempSync(join(tmpdir(), 'translator-'))
  const file = join(out, 'module.wasm')
  try {
    const options = ['-O3', '--runtime', 'stub', '--enable', 'simd', '--noAssert', '--outFile', file]
    const memory = ['--initialMemory', PAGES, '--maximumMemory', PAGES]
    await promisify(execFile)(process.execPath, [COMPILER, join(folder, 'index.ts'), ...options, ...memory])
    return readFileSync(file)
  } finally {
    rmSync(out, { recursive: true })
  }
}
