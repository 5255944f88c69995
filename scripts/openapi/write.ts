/** `npm run openapi`: generates `openapi.yaml`, the table of routes and the types of the clients, from the routes and their schemas. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { packageRoot } from '../../src/package-root.js'
import { clientFiles } from '../clients/files.js'
import { openapiYaml } from './document.js'
import { withRoutes } from './routes-page.js'

const routesPage = join(packageRoot, 'docs', 'routes.md')

const yaml = await openapiYaml()
writeFileSync(join(packageRoot, 'openapi.yaml'), yaml)
writeFileSync(routesPage, await withRoutes(readFileSync(routesPage, 'utf8')))
for (const [path, content] of await clientFiles(yaml)) {
  const file = join(packageRoot, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
}
