/** `--dev` and `npm run dev`: the service with DynamoDB Local and demo tables, ready for curl. */
import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import pretty from 'pino-pretty'
import { Access } from '../access/access.js'
import { buildApp } from '../app.js'
import { readConfig } from '../config.js'
import { shutDownGracefully } from '../graceful-shutdown.js'
import type { App } from '../http/fastify.js'
import { Lifecycle } from '../http/lifecycle.js'
import { createLogger } from '../observability/log.js'
import { resolveConnection } from '../storage/call/connection.js'
import { Storage } from '../storage/client.js'
import { createDemoTables } from './demo-tables.js'
import { missingJava, startDynamoDBLocal, useLocalEnvironment } from './dynamodb-local.js'

/**
 * Starts DynamoDB Local and the service, and prints commands to try. Ctrl-C stops both.
 * @throws Error that says what is missing, Java for example; ConfigError for an invalid setting
 */
export async function startDev(): Promise<void> {
  const missing = await missingJava()
  if (missing !== undefined) throw new Error(`${missing}\nOr run it all in containers: docker compose up`)

  useLocalEnvironment()
  // In the environment, so that /config of the admin port shows them.
  process.env['TABLE_ADMIN'] ??= 'true'
  process.env['WIRE_PROTOCOL'] ??= 'true'
  process.env['ADMIN_PORT'] ??= '3001'
  const config = readConfig(process.env)
  const { DYNAMODB_LOCAL_PATH: folder } = process.env
  if (folder !== undefined) mkdirSync(folder, { recursive: true })

  // Registered first, so that Ctrl-C stops everything at any time.
  const started: App[] = []
  const starting = startDynamoDBLocal({ path: folder && resolve(folder) })
  const lifecycle = new Lifecycle()
  const logger = createLogger(config.logLevel, pretty({ ignore: 'pid,hostname' }), config.logKeys)
  shutDownGracefully({
    delayMs: config.shutdownDelayMs,
    graceMs: config.shutdownGraceMs,
    // The policy file is read again on SIGHUP.
    reloadsOnHangUp: config.accessFile !== undefined,
    startDraining: () => {
      lifecycle.startDraining()
    },
    close: async () => {
      await Promise.all(started.map((app) => app.close()))
      await starting.then(({ stop }) => stop())
    },
    reportError: (error) => {
      process.stderr.write(
        `dynamodb-storage-service: ${error instanceof Error ? error.message : String(error)}\n`,
      )
    },
    logger,
  })

  const dynamodb = await starting
  const storage = new Storage(await resolveConnection(dynamodb.endpoint), config)
  const access =
    config.accessFile === undefined
      ? undefined
      : await Access.open(config.accessFile, {
          logger,
          hasPageTokenSecret: config.pageTokenSecret !== undefined,
        })
  const app = await buildApp(config, storage, logger, access, lifecycle)
  started.push(app)
  await createDemoTables(storage)
  const url = await app.listen({ host: config.host, port: config.port })
  const where = folder === undefined ? 'in memory' : `in ${folder}`
  process.stdout.write(`
DynamoDB Local is at ${dynamodb.endpoint}, its data ${where}. Try:

  curl ${url}/v1/tables/Orders/items/ada/2026-11-02
  curl ${url}/v1/tables/Orders/query -H 'content-type: application/json' -d '{
    "keyConditionExpression": "customer = :c",
    "expressionAttributeValues": {":c": "ada"}
  }'
  curl ${url}/v1/tables/Orders/put -H 'content-type: application/json' -d '{
    "item": {"customer": "eve", "placed": "2026-11-22", "amount": 12.50}
  }'

Or open ${url}/docs in a browser.

Ctrl-C stops both.

`)
}
