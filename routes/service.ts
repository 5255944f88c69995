import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as schemas from '../schemas/service.js'
import type { Route } from '../src/operations/call.js'
import { once } from '../src/http/once.js'
import { packageRoot } from '../src/package-root.js'

/** Liveness: the process responds, whether or not DynamoDB does. */
const live: Route = (app) => {
  app.get('/health/live', { schema: schemas.live, logLevel: 'warn' }, async () => ({
    status: 'live' as const,
  }))
}

/** Readiness: DynamoDB responds, too, and the service is not draining. */
const ready: Route = (app, { readiness }) => {
  app.get('/health/ready', { schema: schemas.ready, logLevel: 'warn' }, async () => {
    await readiness.check()
    return { status: 'ready' as const }
  })
}

/** The description of this API, as `npm run openapi` has written it. It is read and converted on first use. */
const openapi: Route = (app) => {
  const yaml = once(() => readFile(join(packageRoot, 'openapi.yaml'), 'utf8'))
  const json = once(async () => {
    const { parse } = await import('../src/http/yaml.js')
    return JSON.stringify(parse(await yaml()))
  })

  app.get('/openapi.yaml', { schema: schemas.openapiYaml }, async (_request, reply) => {
    reply.header('content-type', 'application/yaml')
    return yaml()
  })
  app.get('/openapi.json', { schema: schemas.openapiJson }, async (_request, reply) => {
    reply.header('content-type', 'application/json')
    return json()
  })
}

export const service: readonly Route[] = [live, ready, openapi]
