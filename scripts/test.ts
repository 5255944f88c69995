/**
 * `npm test`: starts DynamoDB Local and runs tap. Arguments after `npm test --` go to tap. A part of the tests does not
 * reach the required coverage, so switch it off: `npm test -- --disable-coverage test/config.test.ts`.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { missingJava, startDynamoDBLocal } from '../src/local/dynamodb-local.js'
import { measureSlowdown, startMeasuring } from '../test/helpers/machine-speed.js'
import { compileTests, toCompiled } from './test/compile.js'
import { Report } from './test/report.js'

/** How long a file may take on a quiet machine, in s. The longest one takes two minutes. */
const FILE_TIMEOUT_S = 1200

const args = process.argv.slice(2).map(toCompiled)
await compileTests()
const missing = await missingJava()
if (missing !== undefined) {
  process.stderr.write(`\n*** ${missing}\n*** The tests that need DynamoDB Local are skipped.\n\n`)
  if (process.env['CI'] === 'true') process.exit(1)
}
// Ctrl-C also reaches tap and ends it. DynamoDB Local stops afterwards.
process.on('SIGINT', () => undefined)
// SIGTERM reaches this process only. DynamoDB Local is killed when this process exits.
process.once('SIGTERM', () => {
  tap?.kill('SIGTERM')
  process.exit(143)
})
let tap: ChildProcess | undefined
const dynamodb = missing === undefined ? await startDynamoDBLocal() : undefined
const folder = mkdtempSync(join(tmpdir(), 'tests-'))
const speedFile = join(folder, 'machine-speed')
const measuring = startMeasuring(speedFile)

const env = {
  ...process.env,
  TEST_MACHINE_SPEED_FILE: speedFile,
  // The tests say once what this warning of the SDK says: see docs/node-versions.md.
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  ...(dynamodb !== undefined && { TEST_DYNAMODB_ENDPOINT: dynamodb.endpoint }),
}
const options = [
  `--timeout=${Math.ceil(FILE_TIMEOUT_S * Math.max(1, measureSlowdown()))}`,
  ...(dynamodb === undefined ? ['--allow-incomplete-coverage'] : []),
]
const exitCode = hasReporter(args) ? await runTap('inherit') : await runTapWithReport()
measuring.stop()
rmSync(folder, { recursive: true, force: true })
await dynamodb?.stop()
process.exit(exitCode)

/** Whether the arguments choose a reporter of tap. */
function hasReporter(args: readonly string[]): boolean {
  return args.some((arg) => /^(?:-R|--reporter(?:=|$))/.test(arg))
}

async function runTap(stdout: 'inherit'): Promise<number> {
  tap = spawn('tap', ['run', ...options, ...args], { stdio: ['inherit', stdout, 'inherit'], env })
  const [code] = (await once(tap, 'exit')) as [number | null]
  return code ?? 1
}

async function runTapWithReport(): Promise<number> {
  const { stdout } = process
  const status = stdout.isTTY ? '\r\x1b[K' : ''
  const report = new Report((line) => stdout.write(`${status}${line}\n`))
  // On a terminal, the last line is always up to date; elsewhere, a line a minute shows that the run goes on.
  const showProgress = () =>
    stdout.write(stdout.isTTY ? `${status}${report.progress()}` : `... ${report.progress()}\n`)
  const timer = setInterval(showProgress, stdout.isTTY ? 1000 : 60_000)

  const running = spawn('tap', ['run', ...options, '--reporter=tap', ...args], {
    stdio: ['inherit', 'pipe', 'inherit'],
    env,
  })
  tap = running
  const exited = once(running, 'exit') as Promise<[number | null]>
  running.stdout.on('data', (chunk: Buffer) => report.input.write(chunk))
  await once(running.stdout, 'close')
  report.input.end()
  const [code] = await exited
  clearInterval(timer)
  stdout.write(`${status}\n${report.summary(code ?? 1)}`)
  return code ?? 1
}
