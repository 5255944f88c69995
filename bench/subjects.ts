/** The subjects of the comparison, and the way to call each of them. */
import { isDeepStrictEqual } from 'node:util'
import { request } from 'undici'
import type { Case } from './cases.js'
import { document, plain, type Represent, typed, withoutSets } from './items.js'
import type { HttpTarget } from './load-http.js'
import type { Load, Measured } from './load.js'
import { labels, type SubjectName } from './names.js'
import { isPeer, startPeer } from './peers.js'
import { AROUND, Process, SUBJECT } from './process.js'

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

/** How each gateway that translates represents items, if not as documents. */
const representations: Partial<Record<SubjectName, Represent>> = { typed, naive: plain }

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
  const files: Partial<Record<SubjectName, string>> = {
    before,
    naive: NAIVE,
    sdk: 'dist/bench/direct-sdk.js',
    floor: 'dist/bench/floor.js',
  }
  const process = isPeer(name)
    ? await startPeer(name, upstream)
    : await startBefore(upstream, [files[name] ?? SERVICE], name === 'sdk', settings)
  const passesOn = name === 'floor' || isPeer(name)

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
  const represents = represent ?? representations[name] ?? document
  const targetOf = (one: Case) =>
    passesOn ? toFloor(process.port, one) : withHeaders(toGateway(process.port, one, represents), credentials)
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
      const right = passesOn ? one.output : one.answer(represents)
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
