/** `npm run dev`: starts the service with DynamoDB Local and demo tables, ready for curl. */
import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import pretty from 'pino-pretty'
import { Access } from '../src/access/access.js'
import { buildApp } from '../src/app.js'
import { type Config, readConfig } from '../src/config.js'
import { shutDownGracefully } from '../src/graceful-shutdown.js'
import type { App } from '../src/http/fastify.js'
import { Lifecycle } from '../src/http/lifecycle.js'
import { createLogger } from '../src/observability/log.js'
import { resolveConnection } from '../src/storage/call/connection.js'
import { Storage } from '../src/storage/client.js'
import { createDemoTables } from './local/demo-tables.js'
import { missingJava, startDynamoDBLocal, useLocalEnvironment } from './local/dynamodb-local.js'

const missing = await missingJava()
if (missing !== undefined) stop(`${missing}\nOr run it all in containers: docker compose up`)

useLocalEnvironment()
const config = configuration()
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
const access = config.accessFile === undefined ? undefined : await Access.open(config.accessFile, { logger })
const app = await buildApp(config, storage, logger, access, lifecycle)
started.push(app)
await createDemoTables(storage)
const url = await app.listen({ host: config.host, port: config.port })
const where = folder === undefined ? 'in memory' : `in ${folder}`
process.stdout.write(`
DynamoDB Local is at ${dynamodb.endpoint}, its data ${where}. Try:

  curl ${url}/v1/tables/Orders/get --json '{"key": {"customer": "ada", "placed": "2026-11-02"}}'
  curl ${url}/v1/tables/Orders/query --json '{
    "keyConditionExpression": "customer = :c",
    "expressionAttributeValues": {":c": "ada"}
  }'
  curl ${url}/v1/tables/Orders/put --json '{"item": {"customer": "eve", "placed": "2026-11-22", "amount": 12.50}}'

Ctrl-C stops both.

`)

function configuration(): Config {
  try {
    return readConfig({ TABLE_ADMIN: 'true', ADMIN_PORT: '3001', ...process.env })
  } catch (error) {
    return stop(`dynamodb-storage-service: ${(error as Error).message}`)
  }
}

function stop(message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}
