/** `npm run openapi`: generates `openapi.yaml`, and the table of routes, from the routes and their schemas. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../src/package-root.js'
import { openapiYaml } from './document.js'
import { withRoutes } from './routes-page.js'

const routesPage = join(packageRoot, 'docs', 'routes.md')

writeFileSync(join(packageRoot, 'openapi.yaml'), await openapiYaml())
writeFileSync(routesPage, await withRoutes(readFileSync(routesPage, 'utf8')))
