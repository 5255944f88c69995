/** The lines of the log at the start: with which settings the service runs, and what keeps it from working. */
import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import type { Config } from '../config.js'
import { effectiveSettings } from '../config/effective-settings.js'
import { findLookAlikes } from '../config/look-alikes.js'
import type { Environment } from '../config/setting.js'
import { version } from '../package-root.js'
import type { Connection } from '../storage/call/connection.js'
import { CredentialsError } from '../storage/call/credentials.js'
import { unreachableMessage } from '../storage/call/network-message.js'
import { type Proxy, proxyFor } from '../storage/call/proxy.js'
import { whyUnreachable } from '../storage/call/reachability.js'
import type { Storage } from '../storage/client.js'
import { translator } from '../translator/translator.js'

/** Instance metadata may take seconds. The line of the start waits no longer for the source of the credentials, in ms. */
const CREDENTIALS_WAIT_MS = 3000
/** The longest that a connection to the endpoint may take, in ms. */
const CONNECT_TIMEOUT_MS = 5000

export interface StartedService {
  readonly config: Config
  readonly env: Environment
  readonly connection: Connection
  readonly storage: Pick<Storage, 'findCredentials'>
  /** The URL at which it listens. */
  readonly address: string
}

/**
 * Writes one line about the service that has just started, and a warning if it has no credentials, cannot reach DynamoDB or
 * has no WebAssembly with SIMD. No request is sent to DynamoDB. Never rejects.
 */
export async function logStart(logger: FastifyBaseLogger, service: StartedService): Promise<void> {
  const { endpoint, region } = service.connection
  const proxy = proxyFor(endpoint, service.config)
  const checking = whyUnreachable(endpoint, proxy, CONNECT_TIMEOUT_MS)
  await logFacts(logger, service, proxy)
  const reason = await checking
  if (reason === undefined) return
  const facts = { region, endpoint: endpoint.origin, proxy: proxy?.url.origin }
  logger.warn(facts, unreachableMessage(reason))
}

async function logFacts(
  logger: FastifyBaseLogger,
  service: StartedService,
  proxy: Proxy | undefined,
): Promise<void> {
  const { config, env, connection, storage, address } = service
  const { endpoint, region } = connection
  let err: unknown
  const looking = storage.findCredentials().catch((cause: unknown) => {
    err = cause instanceof CredentialsError ? cause.cause : cause
    return 'none' as const
  })
  const waiting = delay(CREDENTIALS_WAIT_MS, 'pending' as const, { ref: false })
  const credentials = await Promise.race([looking, waiting])
  logger.info(
    {
      version,
      node: process.version,
      address,
      region,
      endpoint: endpoint.origin + endpoint.pathname.replace(/\/$/, ''),
      proxy: proxy?.url.origin,
      credentials,
      auth: config.auth ?? 'none',
      tableAdmin: config.tableAdmin,
      translation: translator === undefined ? 'JavaScript' : 'WebAssembly',
      settings: effectiveSettings(env),
    },
    'started',
  )
  if (translator === undefined) logger.warn(NO_SIMD)
  const found = await looking
  if (found === 'none') logger.warn({ err }, NO_CREDENTIALS)
  else if (credentials === 'pending') logger.info({ credentials: found }, 'found AWS credentials')
}

const NO_CREDENTIALS =
  'there are no AWS credentials: requests that need DynamoDB fail until there are. Set AWS_ACCESS_KEY_ID and ' +
  'AWS_SECRET_ACCESS_KEY, or give the service a profile or a role.'

const NO_SIMD =
  'there is no WebAssembly with SIMD: items are translated by JavaScript, which takes several times as long. Run the service ' +
  'on a CPU with SSSE3 and SSE4.1, and without flags of Node.js that take them away.'

/** Warns of each variable of the environment that was probably meant to be a setting. */
export function warnOfLookAlikes(logger: FastifyBaseLogger, env: Environment): void {
  for (const { name, nearest } of findLookAlikes(env)) {
    logger.warn(
      { variable: name, nearest },
      `${name} is not a setting of this service and has no effect. The setting with the nearest name is ${nearest}.`,
    )
  }
}
