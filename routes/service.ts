import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as schemas from '../schemas/service.js'
import { inRepresentation } from '../src/explorer/one-representation.js'
import { once } from '../src/http/once.js'
import { document, type Representation, typed } from '../src/items/representation.js'
import type { Route } from '../src/operations/call.js'
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

const file = once(() => readFile(join(packageRoot, 'openapi.yaml'), 'utf8'))

/** The description of this API, as `npm run openapi` has written it. Parsing it takes a fraction of a second. */
const whole = once(async () => {
  const { parse } = await import('../src/http/yaml.js')
  return parse(await file()) as Readonly<Record<string, unknown>>
})

/** A description of this API, as YAML and as JSON. Both are made on first use. */
const described =
  (url: string, which: schemas.Described, description: typeof whole, yaml: typeof file): Route =>
  (app) => {
    app.get(`${url}.yaml`, { schema: schemas.openapiYaml(which) }, async (_request, reply) => {
      reply.header('content-type', 'application/yaml')
      return yaml()
    })
    const json = once(async () => JSON.stringify(await description()))
    app.get(`${url}.json`, { schema: schemas.openapiJson(which) }, async (_request, reply) => {
      reply.header('content-type', 'application/json')
      return json()
    })
  }

const openapi = described('/openapi', { name: '', what: 'This description' }, whole, file)

/** The description with one representation of items. */
function openapiIn(representation: Representation, name: 'Documents' | 'Typed'): Route {
  const items = name === 'Typed' ? 'typed items' : 'items as documents'
  const only = once(async () => inRepresentation(await whole(), representation))
  const yaml = once(async () => {
    const { toYaml } = await import('../src/explorer/to-yaml.js')
    return toYaml(await only())
  })
  return described(
    `/openapi.${name.toLowerCase()}`,
    { name, what: `This description, with ${items} only` },
    only,
    yaml,
  )
}

export const service: readonly Route[] = [
  live,
  ready,
  openapi,
  openapiIn(document, 'Documents'),
  openapiIn(typed, 'Typed'),
]
