#!/usr/bin/env node
/** The process: command line, configuration, service, listening, and graceful shutdown. */
import type { AddressInfo } from 'node:net'
import type { FastifyBaseLogger } from 'fastify'
import { keyCommand } from './access/key-command.js'
import { buildApp } from './app.js'
import { type Command, readCommandLine, UsageError } from './command-line.js'
import { type Config, ConfigError, readConfig } from './config.js'
import { shutDownGracefully } from './graceful-shutdown.js'
import { Lifecycle } from './http/lifecycle.js'
import { createLogger } from './observability/log.js'
import { captureOutput, warnOfOldNode } from './observability/process-output.js'
import { logStart, warnOfLookAlikes } from './observability/start-log.js'
import { resolveConnection } from './storage/call/connection.js'
import { Storage } from './storage/client.js'

async function start(config: Config): Promise<void> {
  const logger = createLogger(config.logLevel, undefined, config.logKeys)
  captureOutput(logger)
  warnOfOldNode(logger)
  warnOfLookAlikes(logger, process.env)
  const connection = await resolveConnection(undefined, config).catch((error: unknown) => {
    const { message } = error as Error
    throw new ConfigError(
      message === 'Region is missing'
        ? 'AWS_REGION is not set, and the shared AWS configuration has no region: set it, such as eu-central-1'
        : `the AWS configuration is invalid: ${message}`,
    )
  })
  const access =
    config.accessFile === undefined ? undefined : await openAccess(config.accessFile, config, logger)
  const storage = new Storage(connection, config)
  const lifecycle = new Lifecycle()
  const app = await buildApp(config, storage, logger, access, lifecycle)

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
  const address = urlOf(app.server.address(), config.tlsCertFile !== undefined)
  await logStart(logger, { config, env: process.env, connection, storage, address })
}

function urlOf(address: string | AddressInfo | null, secure: boolean): string {
  if (address === null || typeof address === 'string')
    throw new Error('the service does not listen on a port')
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return `${secure ? 'https' : 'http'}://${host}:${address.port}`
}

/** Loaded only where it is used, since the parts that read the policy file and tokens would delay the start. */
async function openAccess(file: string, { pageTokenSecret }: Config, logger: FastifyBaseLogger) {
  const { Access } = await import('./access/access.js')
  return Access.open(file, { logger, hasPageTokenSecret: pageTokenSecret !== undefined })
}

async function run(command: Command): Promise<void> {
  if (command.name === 'print') process.stdout.write(command.text)
  else if (command.name === 'key') process.exitCode = keyCommand(command.args)
  // Loaded only where it is used: it is for trying the service.
  else if (command.name === 'dev') await (await import('./local/dev.js')).startDev()
  else await start(readConfig(process.env))
}

try {
  await run(readCommandLine(process.argv.slice(2)))
} catch (error) {
  process.stderr.write(
    `dynamodb-storage-service: ${error instanceof Error ? error.message : String(error)}\n`,
  )
  process.exit(error instanceof UsageError ? 2 : 1)
}
