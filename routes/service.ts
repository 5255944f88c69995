import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as schemas from '../schemas/service.js'
import type { Route } from '../src/operations/call.js'
import { once } from '../src/http/once.js'
import { packageRoot } from '../src/package-root.js'
import { ProblemError } from '../src/problem/problem-error.js'

/** Liveness: the process responds, whether or not DynamoDB does. */
const live: Route = (app) => {
  app.get('/health/live', { schema: schemas.live, logLevel: 'warn' }, async () => ({
    status: 'live' as const,
  }))
}

/** The result of one check of DynamoDB is used for this time, in ms. */
const CHECK_VALID_MS = 500
/** The timeout of a check, in ms. */
const CHECK_TIMEOUT_MS = 1000

/** Readiness: DynamoDB responds, too, and the service is not draining. */
const ready: Route = (app, { storage, lifecycle }) => {
  let checkedAt = -Infinity
  let check = Promise.resolve()
  app.get('/health/ready', { schema: schemas.ready, logLevel: 'warn' }, async () => {
    if (lifecycle.draining) throw new ProblemError('ServiceUnavailable', 'The service is draining.')
    if (performance.now() - checkedAt > CHECK_VALID_MS) {
      checkedAt = performance.now()
      check = storage.ping(CHECK_TIMEOUT_MS)
    }
    try {
      await check
    } catch (cause) {
      throw new ProblemError(
        'ServiceUnavailable',
        'DynamoDB does not respond to this service. The log has the reason.',
        { cause },
      )
    }
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
