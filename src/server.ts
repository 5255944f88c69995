/** The process: configuration, service, listening, and an orderly end. */
import closeWithGrace from 'close-with-grace'
import { buildApp } from './app.js'
import { createLogger } from './observability/log.js'
import { type Config, ConfigError, readConfig } from './config.js'
import { resolveConnection } from './storage/call/connection.js'
import { Storage } from './storage/client.js'

async function start(config: Config): Promise<void> {
  const logger = createLogger(config.logLevel)
  const connection = await resolveConnection().catch((error: unknown) => {
    const { message } = error as Error
    throw new ConfigError(
      message === 'Region is missing'
        ? 'AWS_REGION is not set, nor is a region in the shared AWS configuration: it must be a region, such as eu-central-1'
        : `the AWS configuration is wrong: ${message}`,
    )
  })
  const app = await buildApp(config, new Storage(connection, config), logger)

  // Requests that are under way are finished; what is not finished after the grace is cut off.
  const onTimeout = () => {
    logger.error('not everything was finished within SHUTDOWN_GRACE_MS')
  }
  closeWithGrace({ delay: config.shutdownGraceMs, onTimeout }, async ({ signal, err }) => {
    if (err !== undefined) logger.fatal({ err }, 'stopping because of an error that nobody caught')
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
