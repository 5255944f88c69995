/**
 * `npm test`: starts DynamoDB Local and runs tap. Arguments after `npm test --` go to tap. A part of the tests does not
 * reach the required coverage, so switch it off: `npm test -- --disable-coverage test/config.test.ts`.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { missingJava, startDynamoDBLocal } from '../src/local/dynamodb-local.js'

const args = process.argv.slice(2)
const missing = await missingJava()
if (missing !== undefined) {
  process.stderr.write(`\n*** ${missing}\n*** The tests that need DynamoDB Local are skipped.\n\n`)
  if (process.env['CI'] === 'true') process.exit(1)
}
// Ctrl-C also reaches tap and ends it. DynamoDB Local stops afterwards.
process.on('SIGINT', () => undefined)
const dynamodb = missing === undefined ? await startDynamoDBLocal() : undefined

const env = { ...process.env, ...(dynamodb !== undefined && { TEST_DYNAMODB_ENDPOINT: dynamodb.endpoint }) }
const options = dynamodb === undefined ? ['--allow-incomplete-coverage'] : []
const tap = spawn('tap', ['run', ...options, ...args], { stdio: 'inherit', env })
const [exitCode] = (await once(tap, 'exit')) as [number | null]
await dynamodb?.stop()
process.exit(exitCode ?? 1)
