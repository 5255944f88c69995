/** `npm run dev`: the service with DynamoDB Local beside it and a demo table, ready for curl. */
import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import closeWithGrace from 'close-with-grace'
import pretty from 'pino-pretty'
import { buildApp } from '../src/app.js'
import { readConfig } from '../src/config.js'
import { createLogger } from '../src/log.js'
import { resolveConnection } from '../src/storage/connection.js'
import { Storage } from '../src/storage/storage.js'
import { createDemoTable } from './demo-table.js'
import { localEnvironment, missingJava, startDynamoDBLocal } from './dynamodb-local.js'

const missing = await missingJava()
if (missing !== undefined) {
  process.stderr.write(`${missing}\nOr run it all in containers: docker compose up\n`)
  process.exit(1)
}

const folder = process.env['DYNAMODB_LOCAL_PATH']
if (folder !== undefined) mkdirSync(folder, { recursive: true })
const dynamodb = await startDynamoDBLocal(folder === undefined ? undefined : resolve(folder))
Object.assign(process.env, localEnvironment)
const config = readConfig({ TABLE_ADMIN: 'true', ...process.env })
const storage = new Storage(await resolveConnection(dynamodb.endpoint), config)
const app = await buildApp(config, storage, createLogger(config.logLevel, pretty({ ignore: 'pid,hostname' })))

closeWithGrace({ delay: config.shutdownGraceMs }, async () => {
  await app.close()
  await dynamodb.stop()
})

await createDemoTable(storage)
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
