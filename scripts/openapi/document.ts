/**
 * The description of the API (OpenAPI 3.1), from the sources that the service itself runs on: the registered routes, and
 * the TypeBox schemas that validate their bodies. No fact is written twice. The examples of errors are those of
 * `docs/errors.md`, and the examples in DynamoDB's own types are derived from the documents.
 */
import type { Tag } from '../../schemas/parts/route-schema.js'
import { Problem } from '../../schemas/problem.js'
import { document } from '../../src/items/representation.js'
import { version } from '../../src/package-root.js'
import { describeOperation } from './describe-operation.js'
import { headers } from './headers.js'
import { itemSchemas } from './item-schemas.js'
import type { JsonObject } from './json-value.js'
import { problemExamples } from './problem-responses.js'
import { describedRoutes } from './registered-routes.js'
import { SchemaComponents } from './schema-components.js'
import { toYaml } from './to-yaml.js'

const tags: Readonly<Record<Tag, string>> = {
  Items: 'One item, and pages of them.',
  Batches: 'Any number of items, each for itself.',
  Transactions: 'Some items, all or nothing.',
  Tables: 'What tables there are. They are created and deleted with `TABLE_ADMIN=true` only.',
  Service: 'The service itself.',
}

const info: JsonObject = {
  title: 'dynamodb-storage-service',
  version,
  summary: 'REST in front of DynamoDB, with retries, batches of any size and exact types.',
  description:
    'Items stand in bodies in one of two representations: as documents in `application/json`, and with their ' +
    'types in `application/vnd.dynamodb+json`. `Content-Type` says how the request writes them, `Accept` how ' +
    'the answer shall; without it, as the request did. Numbers go through with exactly their digits; a client ' +
    'whose JSON library reads numbers into doubles gets them all in `application/vnd.dynamodb+json`, where ' +
    'they are strings.\n\n' +
    'Every error is `application/problem+json` with a `code` and says whether to send the request again. ' +
    'Every answer has `x-request-id`, which a caller may choose. The service does not ask who its callers are.',
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
    servers: [{ url: 'http://127.0.0.1:3000', description: 'As npm run dev and npm start listen' }],
    security: [],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths,
    components: { schemas: components.all, headers, examples: problemExamples(paths) },
  })
}
