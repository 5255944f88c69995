/** `npm run translator`: builds the WebAssembly module of the translation, and embeds it in `src/translator/module.ts`. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../src/package-root.js'
import { compile } from './translator/compile.js'

const wasm = await compile(join(packageRoot, 'src/translator/assembly'))
const lines = (
  Buffer.from(wasm)
    .toString('base64')
    .match(/.{1,100}/g) ?? []
).map((line) => `  '${line}'`)
writeFileSync(
  join(packageRoot, 'src/translator/module.ts'),
  `// Built from \`assembly/\` by \`npm run translator\`. Do not edit.\n` +
    `export const moduleBytes = Buffer.from(\n${lines.join(' +\n  ')},\n  'base64',\n)\n`,
)
