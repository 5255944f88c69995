/**
 * The description of the API (OpenAPI 3.1), from the sources that the service itself runs on: the registered routes, and
 * the TypeBox schemas that validate their bodies. No fact is written twice. The examples of errors are those of
 * `docs/errors.md`, and the examples in DynamoDB's own types are derived from the documents.
 */
import type { Tag } from '../../schemas/parts/route-schema.js'
import { Problem } from '../../schemas/problem.js'
import { toYaml } from '../../src/explorer/to-yaml.js'
import { document } from '../../src/items/representation.js'
import { version } from '../../src/package-root.js'
import { describeOperation } from './describe-operation.js'
import { headers } from './headers.js'
import { itemSchemas } from './item-schemas.js'
import type { JsonObject } from './json-value.js'
import { problemExamples } from './problem-responses.js'
import { describedRoutes } from './registered-routes.js'
import { SchemaComponents } from './schema-components.js'
import { securitySchemes } from './security.js'

const tags: Readonly<Record<Tag, string>> = {
  Items: 'One item, or pages of items.',
  Batches: 'Any number of items; each entry succeeds or fails by itself.',
  Transactions: 'Several items, all or nothing.',
  Statements: 'One statement in PartiQL. Many of them are in batches and transactions.',
  Tables: 'Tables. Creating and deleting them requires `TABLE_ADMIN=true`.',
  Service: 'The service itself.',
}

const info: JsonObject = {
  title: 'dynamodb-storage-service',
  version,
  summary: 'REST in front of DynamoDB, with retries, batches of any size and exact types.',
  description:
    'Items have one of two representations: documents in `application/json`, or DynamoDB’s own types in ' +
    '`application/vnd.dynamodb+json`. `Content-Type` names the representation of the request, and `Accept` that of the ' +
    'answer; by default both are the same. Numbers keep exactly their digits. A client whose JSON library reads numbers ' +
    'into doubles can use `application/vnd.dynamodb+json`, where they are strings.\n\n' +
    'An optional field that is `null` is treated as absent. Every error is `application/problem+json` with a `code`, and says ' +
    'whether to send the request again. Every answer has `x-request-id`, which the caller may choose. With ' +
    '`AUTH=policy` a request needs an API key or a token.',
  license: { name: 'MIT', identifier: 'MIT' },
}

/** The content of `openapi.yaml`. */
export async function openapiYaml(): Promise<string> {
  const components = new SchemaComponents(itemSchemas)
  const paths: Record<string, JsonObject> = {}
  for (const route of await describedRoutes()) {
    const path = route.url.replace(/:(\w+)/g, '{$1}')
    const method = String(route.method).toLowerCase()
    paths[path] = { ...paths[path], [method]: describeOperation(route, components) }
  }
  components.add(Problem, document)
  return toYaml({
    openapi: '3.1.0',
    info,
    servers: [{ url: 'http://127.0.0.1:3000', description: 'The default of npm run dev and npm start' }],
    security: [],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths,
    components: { securitySchemes, schemas: components.all, headers, examples: problemExamples(paths) },
  })
}
