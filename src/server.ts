/** The process: configuration, service, listening, and graceful shutdown. */
import closeWithGrace from 'close-with-grace'
import { buildApp } from './app.js'
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
  const app = await buildApp(config, new Storage(connection, config), logger)

  // In-flight requests are finished. Those that are not finished at the end of the grace period are cut off.
  const onTimeout = () => {
    logger.error('graceful shutdown did not finish within SHUTDOWN_GRACE_MS')
  }
  closeWithGrace({ delay: config.shutdownGraceMs, onTimeout }, async ({ signal, err }) => {
    if (err !== undefined) logger.fatal({ err }, 'stopping because of an uncaught error')
    else logger.info({ signal }, 'stopping')
    await app.close()
    logger.info('stopped')
  })

  await app.listen({ host: config.host, port: config.port })
}

try {
  await start(readConfig(process.env))
} catch (error) {
  process.stderr.write(
    `dynamodb-storage-service: ${error instanceof Error ? error.message : String(error)}\n`,
  )
  process.exit(1)
}
