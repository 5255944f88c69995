/** `npm run settings`: generates `.env.example` and README's table of settings from `src/config/settings.ts`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../src/package-root.js'
import { envExample, withSettingsTable } from './documents.js'

const readme = join(packageRoot, 'README.md')
writeFileSync(join(packageRoot, '.env.example'), envExample())
writeFileSync(readme, withSettingsTable(readFileSync(readme, 'utf8')))
