import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openapiJson as jsonSchema, openapiYaml as yamlSchema } from '../schemas/openapi.js'
import { packageRoot } from '../src/package-root.js'
import type { Route } from '../src/operations/operation.js'

/** The description of this API, as `npm run openapi` has written it. Read and converted when it is first asked for. */
export const openapi: Route = (app) => {
  let yaml: Promise<string> | undefined
  let json: Promise<string> | undefined

  const readYaml = () => (yaml ??= readFile(join(packageRoot, 'openapi.yaml'), 'utf8'))
  const readJson = async () => {
    const { parse } = await import('../src/http/yaml.js')
    return JSON.stringify(parse(await readYaml()))
  }

  app.get('/openapi.yaml', { schema: yamlSchema }, async (_request, reply) => {
    reply.header('content-type', 'application/yaml')
    return readYaml()
  })
  app.get('/openapi.json', { schema: jsonSchema }, async (_request, reply) => {
    reply.header('content-type', 'application/json')
    return (json ??= readJson())
  })
}
