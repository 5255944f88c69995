/** Checks responses of the service against `openapi.yaml`; every test does so. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv, type ValidateFunction } from 'ajv'

/** The parts of an OpenAPI response object that the check uses. */
interface Response {
  readonly headers?: Readonly<Record<string, { readonly $ref?: string; readonly required?: boolean }>>
  readonly content?: Readonly<Record<string, { readonly examples?: Readonly<Record<string, unknown>> }>>
}

interface Contract {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { responses: Readonly<Record<string, Response>> }>>>
  >
  readonly components: {
    readonly schemas: Readonly<
      Record<string, { type?: string; additionalProperties?: unknown; properties?: object }>
    >
    readonly headers: Readonly<Record<string, { readonly required?: boolean }>>
  }
}

export interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

const ID = 'openapi'
/** `openapi.yaml`, as `npm test` has written it beside the compiled tests. */
const DESCRIPTION = join(import.meta.dirname, '../../openapi.json')
let loaded: { contract: Contract; routes: readonly (readonly [RegExp, string])[]; ajv: Ajv } | undefined
const validators = new Map<string, ValidateFunction>()

/** Reads the file once per process. Call it before the first request is timed, because it takes a while. */
export function loadContract() {
  if (loaded !== undefined) return loaded
  const contract = JSON.parse(readFileSync(DESCRIPTION, 'utf8')) as Contract
  // Clients must ignore unknown fields, such as those that DynamoDB adds. In the tests every field must be in the file.
  for (const schema of Object.values(contract.components.schemas)) {
    if (schema.properties !== undefined) schema.additionalProperties ??= false
  }
  const ajv = new Ajv({ strict: false, validateFormats: false, validateSchema: false })
  ajv.addSchema(contract, ID)
  const routes = Object.keys(contract.paths)
    // Literal paths take precedence over paths with parameters.
    .sort((one, other) => one.split('{').length - other.split('{').length)
    .map((path) => [new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`), path] as const)
  return (loaded = { contract, routes, ajv })
}

const pointer = (...names: string[]) =>
  names.map((name) => `/${encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('')

/**
 * Checks that a response has a status of its operation, and the headers, media type and body that the file gives for that
 * status; for an error, also that its code is listed.
 * @throws Error that names the mismatch
 */
export function checkAnswer(method: string, path: string, answer: Answered): void {
  const { contract, routes } = loadContract()
  const [plainPath = ''] = path.split('?')
  const route = routes.find(([pattern]) => pattern.test(plainPath))?.[1]
  const operations = contract.paths[route ?? '']
  const known = method.toLowerCase()
  const verb = known === 'head' && operations?.['head'] === undefined ? 'get' : known
  const operation = operations?.[verb]
  const fail = (what: string): never => {
    throw new Error(
      `openapi.yaml does not describe this response to ${method} ${path}: ${what}\n${answer.text}`,
    )
  }

  if (route === undefined || operation === undefined) {
    if (answer.status >= 400) validate(`${ID}#/components/schemas/Problem`, JSON.parse(answer.text), fail)
    return
  }
  const response = operation.responses[answer.status] ?? fail(`status ${answer.status}`)
  for (const [name, header] of Object.entries(response.headers ?? {})) {
    const { required } = header.$ref === undefined ? header : (contract.components.headers[name] ?? header)
    if (required === true && !answer.headers.has(name)) fail(`no header ${name}`)
  }
  if (response.content === undefined || method === 'HEAD') {
    if (answer.text !== '') fail('a body')
    return
  }
  const mediaType = answer.headers.get('content-type')?.split(';')[0] ?? ''
  const { examples } = response.content[mediaType] ?? fail(`content-type ${mediaType}`)
  const schema = `${ID}#${pointer('paths', route, verb, 'responses', String(answer.status), 'content', mediaType, 'schema')}`
  const value = valueOf(answer.text, mediaType)
  validate(schema, value, fail)
  if (mediaType !== 'application/problem+json') return
  const { code } = value as { code: string }
  if (!(code in (examples ?? {}))) fail(`code ${code}`)
}

function valueOf(text: string, mediaType: string): unknown {
  return mediaType.endsWith('json') && mediaType !== 'application/x-ndjson' ? JSON.parse(text) : text
}

function validate(schema: string, value: unknown, fail: (what: string) => never): void {
  let validator = validators.get(schema)
  if (validator === undefined) {
    validator = loadContract().ajv.compile({ $ref: schema })
    validators.set(schema, validator)
  }
  if (validator(value)) return
  const [error] = validator.errors ?? []
  fail(`${error?.instancePath ?? ''} ${error?.message ?? ''} ${JSON.stringify(error?.params)}`)
}
