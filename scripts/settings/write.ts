/** `npm run settings`: generates `.env.example` and the tables of settings from `src/config/settings.ts`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../src/package-root.js'
import { envExample, withFirstSettings, withSettings } from './documents.js'

const rewrite = (name: string, change: (page: string) => string) => {
  const path = join(packageRoot, name)
  writeFileSync(path, change(readFileSync(path, 'utf8')))
}

writeFileSync(join(packageRoot, '.env.example'), envExample())
rewrite('README.md', withFirstSettings)
rewrite('docs/settings.md', withSettings)
