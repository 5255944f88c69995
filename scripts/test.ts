/**
 * `npm test`: starts DynamoDB Local and runs the test files, each in a process of its own. It takes paths of test files and
 * folders, and the options below. A part of the tests does not reach the required coverage, so switch it off:
 * `npm test -- --disable-coverage test/config.test.ts`.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { missingJava, startDynamoDBLocal } from '../src/local/dynamodb-local.js'
import { packageRoot } from '../src/package-root.js'
import { measureSlowdown, startMeasuring } from '../test/helpers/machine-speed.js'
import { compileTests } from './test/compile.js'
import { Report } from './test/report.js'
import { REPETITIVE, selectTests } from './test/selection.js'
import { runTestFile } from './test/test-file.js'

/** How many files run at a time. On two cores that is more than one for each, since many tests wait most of their time. */
const JOBS = 4
/** How long a file may take on a quiet machine, in ms. The longest one takes two minutes. */
const FILE_TIMEOUT_MS = 1_200_000
/** The least coverage, in percent. */
const COVERAGE = { lines: 95, statements: 95, functions: 95, branches: 85 }

const { values: options, positionals: paths } = parseArgs({
  allowPositionals: true,
  options: {
    'disable-coverage': { type: 'boolean', default: false },
    // Paths of files and folders that do not run.
    exclude: { type: 'string', multiple: true, default: [] },
    // Patterns of test names: the first one for the tests of a file, the next one for those in them, and so on.
    grep: { type: 'string', multiple: true },
  },
})
const files = selectTests(paths, options.exclude)
await compileTests()
const missing = await missingJava()
if (missing !== undefined) {
  process.stderr.write(`\n*** ${missing}\n*** The tests that need DynamoDB Local are skipped.\n\n`)
  if (process.env['CI'] === 'true') process.exit(1)
}

const stop = new AbortController()
const waiting = [...files]
// Ctrl-C also reaches the running tests and ends them. DynamoDB Local stops afterwards.
process.on('SIGINT', () => waiting.splice(0))
// SIGTERM reaches this process only. DynamoDB Local is killed when this process exits.
process.once('SIGTERM', () => {
  stop.abort()
  process.exit(143)
})

const dynamodb = missing === undefined ? await startDynamoDBLocal() : undefined
const folder = mkdtempSync(join(tmpdir(), 'tests-'))
const speedFile = join(folder, 'machine-speed')
const measuring = startMeasuring(speedFile)
const coverage = options['disable-coverage'] ? undefined : join(folder, 'coverage')
const env = {
  ...process.env,
  // The time limit of a file is ours.
  TAP_TIMEOUT: '0',
  TEST_MACHINE_SPEED_FILE: speedFile,
  // The tests say once what this warning of the SDK says: see docs/node-versions.md.
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  ...(dynamodb !== undefined && { TEST_DYNAMODB_ENDPOINT: dynamodb.endpoint }),
  ...(options.grep !== undefined && { TAP_GREP: options.grep.join('\n') }),
}

// To measure it costs a fifth of the CPU time.
const coverageOf = (file: string) =>
  coverage === undefined || REPETITIVE.includes(file) ? {} : { NODE_V8_COVERAGE: coverage }

const { stdout } = process
const status = stdout.isTTY ? '\r\x1b[K' : ''
const report = new Report(files.length, (line) => stdout.write(`${status}${line}\n`))
// On a terminal, the last line is always up to date; elsewhere, a line a minute shows that the run goes on.
const showProgress = () =>
  stdout.write(stdout.isTTY ? `${status}${report.progress()}` : `... ${report.progress()}\n`)
const timer = setInterval(showProgress, stdout.isTTY ? 1000 : 60_000)

const runWaiting = async () => {
  for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
    const timeoutMs = FILE_TIMEOUT_MS * Math.max(1, measureSlowdown())
    report.add(
      await runTestFile(file, { env: { ...env, ...coverageOf(file) }, timeoutMs, signal: stop.signal }),
    )
  }
}
await Promise.all(Array.from({ length: JOBS }, runWaiting))
clearInterval(timer)
measuring.stop()
await dynamodb?.stop()

const covered = coverage === undefined || reportCoverage(coverage) || dynamodb === undefined
rmSync(folder, { recursive: true, force: true })
stdout.write(`${status}\n${report.summary(covered)}`)
process.exit(report.passed && covered ? 0 : 1)

/** Prints the coverage of each source file. Returns whether it is as required. */
function reportCoverage(folder: string): boolean {
  const { status } = spawnSync(
    'c8',
    [
      'report',
      `--temp-directory=${folder}`,
      '--merge-async',
      '--exclude=**/*.test.js',
      // Benchmarks run beside the tests. A test looks at the documents that they write.
      '--exclude=**/bench/**',
      '--check-coverage',
      ...Object.entries(COVERAGE).map(([kind, percent]) => `--${kind}=${percent}`),
    ],
    { cwd: packageRoot, stdio: 'inherit' },
  )
  return status === 0
}
