#!/usr/bin/env node
/** The process: command line, configuration, service, listening, and graceful shutdown. */
import closeWithGrace from 'close-with-grace'
import type { FastifyBaseLogger } from 'fastify'
import { keyCommand } from './access/key-command.js'
import { buildApp } from './app.js'
import { type Command, readCommandLine, UsageError } from './command-line.js'
import { type Config, ConfigError, readConfig } from './config.js'
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
  const app = await buildApp(config, new Storage(connection, config), logger, access)

  // In-flight requests are finished. Those that are not finished at the end of the grace period are cut off.
  const onTimeout = () => {
    logger.error('graceful shutdown did not finish within SHUTDOWN_GRACE_MS')
  }
  // The policy file is read again on SIGHUP.
  const skip = access === undefined ? [] : (['SIGHUP'] as const)
  closeWithGrace({ delay: config.shutdownGraceMs, onTimeout, skip: [...skip] }, async ({ signal, err }) => {
    if (err !== undefined) logger.fatal({ err }, 'stopping because of an uncaught error')
    else logger.info({ signal }, 'stopping')
    await app.close()
    logger.info('stopped')
  })

  await app.listen({ host: config.host, port: config.port })
}

/** Loaded only where it is used, since the parts that read the policy file and tokens would delay the start. */
async function openAccess(file: string, logger: FastifyBaseLogger) {
  const { Access } = await import('./access/access.js')
  return Access.open(file, { logger })
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
