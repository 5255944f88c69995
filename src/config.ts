/** The configuration: environment variables, checked at the start, read once, and never changed. */
import { BlockList, isIP } from 'node:net'

export interface Config {
  readonly host: string
  readonly port: number
  /** `none` if somebody has decided that anyone may call; undefined on loopback only. */
  readonly auth: 'none' | undefined
  readonly logLevel: string
  readonly maxAttempts: number
  readonly baseDelayMs: number
  readonly maxDelayMs: number
  readonly attemptTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly maxConnections: number
  readonly maxConcurrentRequests: number
  readonly bodyLimitBytes: number
  readonly tableAdmin: boolean
  readonly shutdownGraceMs: number
}

/** The environment says something that cannot be meant. The message names the variable, its value and what would be right. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']
const MAX_TIMER_MS = 2 ** 31 - 1

/** @throws ConfigError */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const host = env['HOST'] ?? '127.0.0.1'
  if (host === '') throw wrong('HOST', host, 'an address or a host name to listen on, such as 127.0.0.1')
  const auth = access(host, env['AUTH'])
  checkAws(env)

  const config = {
    // One address: the name may stand for two, of which only the first would be listened on.
    host: host === 'localhost' ? '127.0.0.1' : host,
    port: integer(env, 'PORT', 3000, 0, 65_535),
    auth,
    logLevel: oneOf(env, 'LOG_LEVEL', 'info', LOG_LEVELS),
    maxAttempts: integer(env, 'AWS_MAX_ATTEMPTS', 5, 1, 100),
    baseDelayMs: integer(env, 'RETRY_BASE_DELAY_MS', 100, 0, MAX_TIMER_MS),
    maxDelayMs: integer(env, 'RETRY_MAX_DELAY_MS', 20_000, 0, MAX_TIMER_MS),
    attemptTimeoutMs: integer(env, 'ATTEMPT_TIMEOUT_MS', 5000, 1, MAX_TIMER_MS),
    requestTimeoutMs: integer(env, 'REQUEST_TIMEOUT_MS', 30_000, 1, MAX_TIMER_MS),
    maxConnections: integer(env, 'MAX_CONNECTIONS', 128, 1, 65_535),
    maxConcurrentRequests: integer(env, 'MAX_CONCURRENT_REQUESTS', 1024, 1, 65_535),
    // A string of V8 cannot be longer than 512 MiB, and a body is read into one.
    bodyLimitBytes: integer(env, 'BODY_LIMIT_BYTES', 16_777_216, 1, 256 * 1024 * 1024),
    tableAdmin: oneOf(env, 'TABLE_ADMIN', 'false', ['true', 'false']) === 'true',
    shutdownGraceMs: integer(env, 'SHUTDOWN_GRACE_MS', 10_000, 0, MAX_TIMER_MS),
  }
  return Object.freeze(config)
}

function wrong(name: string, value: string, right: string): ConfigError {
  return new ConfigError(`${name}=${JSON.stringify(value)} is wrong: it must be ${right}`)
}

type Env = Readonly<Record<string, string | undefined>>

function integer(env: Env, name: string, otherwise: number, least: number, most: number): number {
  const value = env[name]
  if (value === undefined) return otherwise
  const number = /^\d+$/.test(value) ? Number(value) : NaN
  if (!(number >= least && number <= most))
    throw wrong(name, value, `a whole number from ${least} to ${most}`)
  return number
}

function oneOf(env: Env, name: string, otherwise: string, words: readonly string[]): string {
  const value = env[name] ?? otherwise
  if (!words.includes(value)) throw wrong(name, value, `one of ${words.join(', ')}`)
  return value
}

/** Whoever can connect can read and write every table; so beyond loopback somebody has to decide who may. */
function access(host: string, auth: string | undefined): Config['auth'] {
  if (auth !== undefined && auth !== 'none') throw wrong('AUTH', auth, '"none", or not set')
  if (auth === undefined && !isLoopback(host)) {
    throw new ConfigError(
      `HOST=${JSON.stringify(host)} is refused: beyond loopback, anyone who can reach the service could read and ` +
        'write every table. Set AUTH=none if that is what you want, or HOST=127.0.0.1',
    )
  }
  return auth
}

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8)
loopback.addAddress('::1', 'ipv6')

function isLoopback(host: string): boolean {
  const family = isIP(host)
  return family === 0 ? host === 'localhost' : loopback.check(host, family === 4 ? 'ipv4' : 'ipv6')
}

/** What the SDK would take wrongly or refuse with a message that does not name it. */
function checkAws(env: Env): void {
  if (env['AWS_REGION'] === '') throw wrong('AWS_REGION', '', 'a region, such as eu-central-1, or not set')
  for (const name of ['AWS_ENDPOINT_URL_DYNAMODB', 'AWS_ENDPOINT_URL']) {
    const value = env[name]
    if (value === undefined) continue
    const url = URL.canParse(value) ? new URL(value) : undefined
    if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.search !== '') {
      throw wrong(name, value, 'an http or https URL, such as http://127.0.0.1:8000, without user or query')
    }
  }
}
