/** `npm run openapi`: generates `openapi.yaml` from the routes and their schemas. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openapiYaml } from './document.js'
import { packageRoot } from '../../src/package-root.js'

writeFileSync(join(packageRoot, 'openapi.yaml'), await openapiYaml())
