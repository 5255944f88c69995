/** The service as its callers see it, on a free port, in front of DynamoDB Local or a fake. */
import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { useLocalEnvironment } from '../../src/local/dynamodb-local.js'
import { Access } from '../../src/access/access.js'
import { buildApp } from '../../src/app.js'
import { type Config, readConfig } from '../../src/config.js'
import { Lifecycle } from '../../src/http/lifecycle.js'
import { ChangeFeeds } from '../../src/operations/change-feeds.js'
import { createLogger } from '../../src/observability/log.js'
import { type Connection, resolveConnection } from '../../src/storage/call/connection.js'
import { Storage } from '../../src/storage/client.js'
import { checkAnswer, loadContract } from './contract.js'
import { scaled } from './machine-speed.js'

/** The endpoint of the DynamoDB Local that `npm test` has started; undefined without Java. */
export const dynamodbEndpoint = process.env['TEST_DYNAMODB_ENDPOINT']

/** Options for tests that need DynamoDB Local. */
export const needsDynamoDB = {
  skip:
    dynamodbEndpoint === undefined &&
    'DynamoDB Local is not running: start the tests with npm test, with Java 17',
}

export const DOCUMENT = 'application/json'
export const TYPED = 'application/vnd.dynamodb+json'
export const NDJSON = 'application/x-ndjson'

/** A response, with its body as text and parsed. Parsing loses digits; compare those in the text. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly body: Record<string, unknown>
}

export interface Service {
  readonly url: string
  readonly storage: Storage
  /** The lines that the service has logged so far. */
  readonly log: Record<string, unknown>[]
  readonly get: (path: string, headers?: Record<string, string>) => Promise<Answer>
  /** Posts an object as JSON, or a string as is; document JSON unless `headers` says otherwise. */
  readonly post: (path: string, body: unknown, headers?: Record<string, string>) => Promise<Answer>
  readonly request: (path: string, init: RequestInit) => Promise<Answer>
  readonly close: () => Promise<void>
}

export async function connectionTo(endpoint: string): Promise<Connection> {
  useLocalEnvironment()
  return resolveConnection(endpoint)
}

/** Settings for fast tests: waits between attempts are short. On a busy machine, DynamoDB Local takes longer to answer. */
export function testConfig(settings: Partial<Config> = {}): Config {
  const config = readConfig({ TABLE_ADMIN: 'true', RETRY_BASE_DELAY_MS: '1' })
  const { attemptTimeoutMs, requestTimeoutMs } = config
  return {
    ...config,
    port: 0,
    attemptTimeoutMs: scaled(attemptTimeoutMs),
    requestTimeoutMs: scaled(requestTimeoutMs),
    ...settings,
  }
}

/**
 * Starts the service; it stops with the test. Every response to a request made here is checked against `openapi.yaml`.
 * @param policy the content of the policy file, for `AUTH=policy`
 * @param changeFeeds with another heartbeat
 */
export async function startService(
  t: Test,
  settings: Partial<Config> = {},
  endpoint = dynamodbEndpoint ?? '',
  policy?: object,
  changeFeeds?: ChangeFeeds,
): Promise<Service> {
  loadContract()
  const config = testConfig({
    ...(policy !== undefined && { pageTokenSecret: ['the-secret-of-the-tests'] }),
    ...settings,
    ...(policy !== undefined && { auth: 'policy', accessFile: writePolicy(t, policy) }),
  })
  const storage = new Storage(await connectionTo(endpoint), config)
  const log: Record<string, unknown>[] = []
  const write = (line: string) => log.push(JSON.parse(line) as Record<string, unknown>)
  const logger = createLogger('info', { write }, config.logKeys)
  const access =
    config.accessFile === undefined
      ? undefined
      : await Access.open(config.accessFile, {
          logger,
          hasPageTokenSecret: config.pageTokenSecret !== undefined,
        })
  const app = await buildApp(config, storage, logger, access, new Lifecycle(), changeFeeds)
  const url = await app.listen({ host: config.host, port: config.port })
  let closed = false
  const close = async () => {
    if (closed) return
    closed = true
    await app.close()
  }
  t.teardown(close)

  const request = async (path: string, init: RequestInit) => {
    const response = await fetch(url + path, init)
    const text = await response.text()
    checkAnswer(init.method ?? 'GET', path, { status: response.status, headers: response.headers, text })
    const isJson = text.startsWith('{') && response.headers.get('content-type') !== NDJSON
    const body = isJson ? (JSON.parse(text) as Record<string, unknown>) : {}
    return { status: response.status, headers: response.headers, text, body }
  }
  return {
    url,
    storage,
    log,
    close,
    request,
    get: (path, headers = {}) => request(path, { headers }),
    post: (path, body, headers = {}) =>
      request(path, {
        method: 'POST',
        body: typeof body === 'string' ? body : JSON.stringify(body),
        headers: { 'content-type': DOCUMENT, ...headers },
      }),
  }
}

/** What a change has of the item (API Reference, StreamSpecification). */
type StreamViewType = 'KEYS_ONLY' | 'NEW_IMAGE' | 'OLD_IMAGE' | 'NEW_AND_OLD_IMAGES'

/** Writes a policy file that is deleted with the test. Returns its path. */
export function writePolicy(t: Test, policy: object): string {
  const file = join(t.testdir(), 'access.json')
  writeFileSync(file, JSON.stringify(policy))
  return file
}

/** Creates a table with the partition key `id` (S), and on request the sort key `n` (N) or a stream; it is deleted with the test. */
export async function createTable(
  t: Test,
  service: Service,
  {
    tableName = `Test-${randomUUID()}`,
    sortKey = false,
    index = false,
    stream,
  }: { tableName?: string; sortKey?: boolean; index?: boolean; stream?: StreamViewType } = {},
): Promise<string> {
  const key = [{ attributeName: 'id', keyType: 'HASH' }]
  const definitions = [{ attributeName: 'id', attributeType: 'S' }]
  if (sortKey) {
    key.push({ attributeName: 'n', keyType: 'RANGE' })
    definitions.push({ attributeName: 'n', attributeType: 'N' })
  }
  if (index) definitions.push({ attributeName: 'color', attributeType: 'S' })
  const { status, text, body } = await service.post('/v1/tables', {
    tableName,
    keySchema: key,
    attributeDefinitions: definitions,
    billingMode: 'PAY_PER_REQUEST',
    ...(stream !== undefined && {
      streamSpecification: { streamEnabled: true, streamViewType: stream },
    }),
    ...(index && {
      globalSecondaryIndexes: [
        {
          indexName: 'byColor',
          keySchema: [{ attributeName: 'color', keyType: 'HASH' }],
          projection: { projectionType: 'ALL' },
        },
      ],
    }),
  })
  // On a busy machine the first attempt may have created the table and then timed out.
  if (status !== 201 && body['code'] !== 'ResourceInUseException') throw new Error(`no table: ${text}`)
  t.teardown(() => service.request(`/v1/tables/${tableName}`, { method: 'DELETE' }))
  return tableName
}
