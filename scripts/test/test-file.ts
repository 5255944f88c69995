/** Runs one test file in a process of its own, and reads its output, the Test Anything Protocol. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type FinalResults, Parser, type Result } from 'tap-parser'
import { packageRoot } from '../../src/package-root.js'
import { compiled } from './compile.js'

/** How long a process may take to report what it was waiting for, after its time is over. */
const GRACE_MS = 15_000

export interface Failure {
  /** The names of the tests around it, and its own. */
  readonly name: string
  readonly diagnosis: Readonly<Record<string, unknown>>
}

export interface FileResult {
  /** Such as `test/config.test.ts`. */
  readonly name: string
  readonly seconds: number
  readonly assertions: number
  readonly failures: readonly Failure[]
  /** Reasons for which tests were skipped. */
  readonly skipped: readonly string[]
  /** What it has printed besides. */
  readonly output: string
}

/**
 * @param name its path, relative to the package
 * @param options.env the environment of its process
 * @param options.timeoutMs after which it is ended
 */
export async function runTestFile(
  name: string,
  { env, timeoutMs, signal }: { env: NodeJS.ProcessEnv; timeoutMs: number; signal: AbortSignal },
): Promise<FileResult> {
  const startedAt = performance.now()
  const output = new TestOutput()
  const child = spawn(process.execPath, ['--enable-source-maps', '--import', NO_CHILDREN, compiled(name)], {
    cwd: packageRoot,
    env,
    signal,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  // tap then reports the tests that have not ended.
  const timer = setTimeout(() => child.kill('SIGALRM'), timeoutMs)
  const killer = setTimeout(() => child.kill('SIGKILL'), timeoutMs + GRACE_MS)
  child.stdout.on('data', (chunk: Buffer) => output.input.write(chunk))
  const closed = once(child.stdout, 'close')
  const [exitCode, killedBy] = (await once(child, 'exit')) as [number | null, string | null]
  clearTimeout(timer)
  clearTimeout(killer)
  await closed
  output.input.end()
  if (exitCode !== 0 && output.failures.length === 0)
    output.failures.push({ name: '', diagnosis: { exitCode, signal: killedBy } })
  return output.result(name, (performance.now() - startedAt) / 1000)
}

/** Coverage is that of the process itself. Node.js would also measure it in the processes that a test starts. */
const NO_CHILDREN = 'data:text/javascript,delete process.env.NODE_V8_COVERAGE'

/** The output of a test file, which is written to `input`. */
export class TestOutput {
  readonly input = new Parser()
  readonly failures: Failure[] = []
  readonly skipped: string[] = []
  assertions = 0
  /** Lines that are not of the protocol. */
  text = ''

  constructor() {
    this.input.on('extra', (text: string) => (this.text += text))
    this.#read(this.input)
  }

  /** Reads a test and those in it. A test fails if one in it does; only the innermost is a failure of its own. */
  #read(parser: Parser): void {
    parser.on('child', (child: Parser) => {
      this.#read(child)
    })
    parser.on('assert', ({ ok, skip, todo, closingTestPoint, fullname, name, diag }: Result) => {
      const path = fullname === '' ? name : fullname
      if (!closingTestPoint) this.assertions++
      if (typeof skip === 'string' && skip !== '') this.skipped.push(skip)
      if (ok || skip !== false || todo !== false) return
      if (closingTestPoint && this.failures.some(({ name }) => name.startsWith(path))) return
      this.failures.push({ name: path, diagnosis: (diag ?? {}) as Failure['diagnosis'] })
    })
    // A plan that was not kept, or a process that ended too early.
    parser.on('complete', ({ ok, failures }: FinalResults) => {
      if (ok || this.failures.length > 0) return
      for (const { tapError } of failures)
        if (tapError !== null) this.failures.push({ name: parser.fullname, diagnosis: { tapError } })
    })
  }

  /** What was found, after the end of `input`. */
  result(name: string, seconds: number): FileResult {
    const { assertions, failures, skipped, text } = this
    if (assertions === 0 && failures.length === 0)
      failures.push({ name: '', diagnosis: { tapError: 'no tests' } })
    return { name, seconds, assertions, failures, skipped, output: text }
  }
}
