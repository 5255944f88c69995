#!/usr/bin/env node
/** The process: configuration, service, listening, and graceful shutdown. `key <id>` only prints a new API key. */
import type { FastifyBaseLogger } from 'fastify'
import { keyCommand } from './access/key-command.js'
import { buildApp } from './app.js'
import { type Config, ConfigError, readConfig } from './config.js'
import { shutDownGracefully } from './graceful-shutdown.js'
import { Lifecycle } from './http/lifecycle.js'
import { createLogger } from './observability/log.js'
import { resolveConnection } from './storage/call/connection.js'
import { Storage } from './storage/client.js'

async function start(config: Config): Promise<void> {
  const logger = createLogger(config.logLevel, undefined, config.logKeys)
  const connection = await resolveConnection().catch((error: unknown) => {
    const { message } = error as Error
    throw new ConfigError(
      message === 'Region is missing'
        ? 'AWS_REGION is not set, and the shared AWS configuration has no region: set it, such as eu-central-1'
        : `the AWS configuration is invalid: ${message}`,
    )
  })
  const access = config.accessFile === undefined ? undefined : await openAccess(config.accessFile, logger)
  const lifecycle = new Lifecycle()
  const app = await buildApp(config, new Storage(connection, config), logger, access, lifecycle)

  shutDownGracefully({
    delayMs: config.shutdownDelayMs,
    graceMs: config.shutdownGraceMs,
    // The policy file is read again on SIGHUP.
    reloadsOnHangUp: access !== undefined,
    startDraining: () => {
      lifecycle.startDraining()
    },
    close: () => app.close(),
    reportError: (err) => {
      logger.fatal({ err }, 'stopping because of an uncaught error')
    },
    logger,
  })

  await app.listen({ host: config.host, port: config.port })
}

/** Loaded only where it is used, since the parts that read the policy file and tokens would delay the start. */
async function openAccess(file: string, logger: FastifyBaseLogger) {
  const { Access } = await import('./access/access.js')
  return Access.open(file, { logger })
}

try {
  const [command, ...args] = process.argv.slice(2)
  if (command === 'key') process.exitCode = keyCommand(args)
  else await start(readConfig(process.env))
} catch (error) {
  process.stderr.write(
    `dynamodb-storage-service: ${error instanceof Error ? error.message : String(error)}\n`,
  )
  process.exit(1)
}
