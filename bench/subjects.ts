/** The subjects of the comparison, and the way to call each of them. */
import { isDeepStrictEqual } from 'node:util'
import { request } from 'undici'
import type { Case } from './cases.js'
import { document, plain, type Represent, typed, withoutSets } from './items.js'
import type { HttpTarget } from './load-http.js'
import type { Load, Measured } from './load.js'
import { AROUND, Process, SUBJECT } from './process.js'

export const subjectNames = ['service', 'typed', 'naive', 'sdk', 'floor'] as const
/** This service with other settings: with access control, see `access.ts`; observed, see `observability.ts`. */
export const variantNames = ['key', 'token', 'metrics', 'traces of 1 %', 'traces of 100 %'] as const
export type VariantName = (typeof variantNames)[number]

/** `before` is another build of this service, see `against.ts`. */
export type SubjectName = (typeof subjectNames)[number] | 'before' | VariantName

export const labels: Readonly<Record<SubjectName, string>> = {
  service: 'this service',
  typed: 'this service, typed',
  naive: 'naive gateway',
  sdk: 'direct SDK',
  floor: 'floor',
  before: 'this service, before',
  key: 'with an API key',
  token: 'with a token',
  metrics: 'with metrics',
  'traces of 1 %': 'with traces of 1 %',
  'traces of 100 %': 'with traces of 100 %',
}

/** The build, as `npm start` runs it, and the alternatives. */
export const SERVICE = 'dist/server.js'
export const NAIVE = 'dist/bench/naive-gateway.js'

export interface Subject {
  readonly name: SubjectName
  readonly process: Process
  readonly load: (one: Case, load: Load) => Promise<Measured>
  /** @throws Error if its answer or its request to DynamoDB is wrong */
  readonly check: (one: Case) => Promise<void>
}

export async function startUpstream(delayMs = 0): Promise<Process> {
  const env = { DELAY_MS: String(delayMs) }
  return (await Process.start(['dist/bench/upstream.js'], AROUND, { env, talks: true })).listening()
}

export const startGenerator = () => Process.start(['dist/bench/load-http.js'], AROUND, { talks: true })

/** Starts a gateway in front of an upstream, or a driver that is not a server and receives messages (`talks`). */
export function startBefore(
  upstream: Process,
  args: readonly [string, ...string[]],
  talks = false,
  settings: NodeJS.ProcessEnv = {},
): Promise<Process> {
  const env = { AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${upstream.port}`, ...settings }
  return Process.start(args, SUBJECT, { env, talks })
}

/** The request of a case to this service or to the naive gateway. */
export function toGateway(
  port: number,
  { path, body }: Pick<Case, 'path' | 'body'>,
  represent: Represent,
): HttpTarget {
  const contentType = represent === typed ? 'application/vnd.dynamodb+json' : 'application/json'
  return { port, path, headers: { 'content-type': contentType }, body: JSON.stringify(body(represent)) }
}

/** The request to DynamoDB, unsigned. */
export function toFloor(port: number, { operation, input }: Case): HttpTarget {
  const headers = {
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': `DynamoDB_20120810.${operation}`,
  }
  return { port, path: '/', headers, body: JSON.stringify(input(typed)) }
}

const representations = {
  service: document,
  typed,
  naive: plain,
  before: document,
  key: document,
  token: document,
  metrics: document,
  'traces of 1 %': document,
  'traces of 100 %': document,
} as const

/** How a variant is started, and what its callers send. */
export interface Variant {
  readonly settings: NodeJS.ProcessEnv
  readonly headers: Readonly<Record<string, string>>
}

/**
 * @param before the file of the subject `before`
 * @param represent how requests and answers represent items, if it is not the subject's own way
 */
export async function startSubject(
  name: SubjectName,
  upstream: Process,
  generator: Process,
  before: string = SERVICE,
  represent?: Represent,
  { settings, headers: credentials }: Variant = { settings: {}, headers: {} },
): Promise<Subject> {
  const file = {
    service: SERVICE,
    before,
    typed: SERVICE,
    naive: NAIVE,
    sdk: 'dist/bench/direct-sdk.js',
    floor: 'dist/bench/floor.js',
    key: SERVICE,
    token: SERVICE,
    metrics: SERVICE,
    'traces of 1 %': SERVICE,
    'traces of 100 %': SERVICE,
  }[name]
  const process = await startBefore(upstream, [file], name === 'sdk', settings)

  async function checkRequest({ name: what, input }: Case): Promise<void> {
    const asked = JSON.parse(String(await upstream.ask({}))) as Record<string, unknown>
    delete asked['ClientRequestToken']
    assertEqual(`${labels[name]}, ${what}, request`, asked, input(name === 'naive' ? withoutSets : typed))
  }

  if (name === 'sdk') {
    return {
      name,
      process,
      load: (one, load) => process.load(one.name, load),
      // It checks the answers itself, and ends if one is wrong.
      check: async (one) => {
        await process.load(one.name, { connections: 1, requests: 1, seconds: 10 })
        await checkRequest(one)
      },
    }
  }

  await process.listening()
  const targetOf = (one: Case) =>
    name === 'floor'
      ? toFloor(process.port, one)
      : withHeaders(toGateway(process.port, one, represent ?? representations[name]), credentials)
  return {
    name,
    process,
    load: (one, load) => generator.load(targetOf(one), load),
    check: async (one) => {
      const { path, headers, body } = targetOf(one)
      const { statusCode, body: answer } = await request(`http://127.0.0.1:${process.port}${path}`, {
        method: 'POST',
        headers,
        body,
      })
      const answered = { statusCode, body: await answer.json() }
      const right = name === 'floor' ? one.output : one.answer(represent ?? representations[name])
      assertEqual(`${labels[name]}, ${one.name}`, answered, { statusCode: 200, body: right })
      await checkRequest(one)
    },
  }
}

function withHeaders(target: HttpTarget, headers: Variant['headers']): HttpTarget {
  return { ...target, headers: { ...target.headers, ...headers } }
}

function assertEqual(what: string, found: unknown, right: unknown): void {
  // Through JSON, which drops undefined members.
  if (isDeepStrictEqual(found, JSON.parse(JSON.stringify(right)))) return
  throw new Error(`${what} is wrong: ${JSON.stringify(found).slice(0, 500)}`)
}
