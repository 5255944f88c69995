/**
 * `npm test`: starts DynamoDB Local, runs tap with it, and checks the coverage. What follows `npm test --` goes to
 * tap: `npm test -- test/routes/put.test.ts`. With arguments the coverage is not checked.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { missingJava, startDynamoDBLocal } from './dynamodb-local.js'

const LEAST_LINES_PERCENT = 95

const args = process.argv.slice(2)
const missing = await missingJava()
if (missing !== undefined) {
  process.stderr.write(`\n*** ${missing}\n*** All tests that need it are skipped.\n\n`)
  if (process.env['CI'] === 'true') process.exit(1)
}
const dynamodb = missing === undefined ? await startDynamoDBLocal() : undefined
process.on('SIGINT', () => undefined)

const env = { ...process.env, ...(dynamodb !== undefined && { TEST_DYNAMODB_ENDPOINT: dynamodb.endpoint }) }
const tap = spawn('tap', ['run', ...args], { stdio: 'inherit', env })
const [exitCode] = (await once(tap, 'exit')) as [number | null]
await dynamodb?.stop()
if (exitCode !== 0) process.exit(exitCode ?? 1)

if (args.length > 0) process.exit(0)

const { total } = JSON.parse(readFileSync('.tap/report/coverage-summary.json', 'utf8')) as {
  total: { lines: { pct: number } }
}
process.stdout.write(`Lines covered: ${total.lines.pct} %\n`)
if (total.lines.pct < LEAST_LINES_PERCENT) {
  process.stderr.write(`At least ${LEAST_LINES_PERCENT} % must be.\n`)
  process.exit(1)
}
