/**
 * What `npm test` prints: a line for each finished test file as it ends, and all failures at the end, where a person looks.
 * tap's own reporters print failures before a table of coverage of 200 lines, and none says how many files are left.
 */
import { type FinalResults, Parser, type Result } from 'tap-parser'
import { stringify } from 'yaml'
import { toSource } from './compile.js'

/** Parts of a diagnosis that only say how tap has started the file. */
const NOISE = new Set(['args', 'command', 'cwd', 'externalID', 'jobId', 'stdio', 'tapCaught', 'signal'])

interface Failure {
  readonly name: string
  readonly diagnosis: Readonly<Record<string, unknown>>
}

interface File {
  readonly name: string
  assertions: number
  readonly failures: Failure[]
  /** Reasons for which tests were skipped. */
  readonly skipped: string[]
}

export class Report {
  /** Takes tap's output. */
  readonly input = new Parser()
  readonly #print: (line: string) => void
  readonly #startedAt = performance.now()
  readonly #files: File[] = []
  #planned = 0
  #current: File = newFile('')

  /** @param print writes a line */
  constructor(print: (line: string) => void) {
    this.#print = print
    this.input.on('plan', ({ end }: { readonly end: number }) => (this.#planned = end))
    this.input.on('child', (child: Parser) => {
      this.#current = newFile(toSource(child.name))
      this.#read(child)
    })
    this.input.on('assert', (result: Result) => {
      this.#finishFile(result)
    })
    // Coverage, and messages of tap itself.
    this.input.on('extra', (text: string) => {
      print(text.trimEnd())
    })
  }

  /** How far the run is: `12 of 107 files after 1:40, 0 failed`. */
  progress(): string {
    const failed = this.#files.filter(({ failures }) => failures.length > 0).length
    return `${this.#files.length} of ${this.#planned} files after ${this.#elapsed()}, ${failed} failed`
  }

  /**
   * The last lines of the run.
   * @param exitCode of tap
   */
  summary(exitCode: number): string {
    const failed = this.#files.filter(({ failures }) => failures.length > 0)
    const skipped = [...new Set(this.#files.flatMap(({ skipped }) => skipped))]
    const assertions = this.#files.reduce((sum, file) => sum + file.assertions, 0)
    const counts = `${this.#files.length} files, ${assertions} assertions in ${this.#elapsed()} minutes`
    return [
      ...failed.flatMap(({ name, failures }) => failures.map((failure) => describe(name, failure))),
      ...(skipped.length === 0 ? [] : ['Skipped:', ...skipped.map((reason) => `  ${reason}`), '']),
      ...(failed.length === 0
        ? [exitCode === 0 ? `All tests passed: ${counts}.` : incomplete(counts, exitCode)]
        : [
            `${failed.length} of ${counts}: FAILED. The output of each is in .tap/test-results. To run one again:`,
            ...failed.map(({ name }) => `  npm test -- --disable-coverage ${name}`),
          ]),
      '',
    ].join('\n')
  }

  #elapsed(): string {
    const seconds = Math.round((performance.now() - this.#startedAt) / 1000)
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
  }

  /** Reads a test and those in it. A test fails if one in it does; only the innermost is a failure of its own. */
  #read(parser: Parser): void {
    parser.on('child', (child: Parser) => {
      this.#read(child)
    })
    parser.on('assert', (result: Result) => {
      const { ok, skip, todo, closingTestPoint, fullname } = result
      if (!closingTestPoint) this.#current.assertions++
      if (typeof skip === 'string' && skip !== '') this.#current.skipped.push(skip)
      if (ok || skip !== false || todo !== false) return
      if (closingTestPoint && this.#current.failures.some(({ name }) => name.startsWith(toSource(fullname))))
        return
      this.#current.failures.push(failureOf(result))
    })
    // A plan that was not kept, or a process that ended too early.
    parser.on('complete', ({ ok, failures }: FinalResults) => {
      if (ok || this.#current.failures.length > 0) return
      for (const { tapError } of failures)
        if (tapError !== null)
          this.#current.failures.push({ name: toSource(parser.fullname), diagnosis: { tapError } })
    })
    parser.on('extra', (text: string) => {
      if (parser.level === 1) this.#print(text.trimEnd())
    })
  }

  #finishFile(result: Result): void {
    const name = toSource(result.name)
    const file = this.#current.name === name ? this.#current : newFile(name)
    this.#current = newFile('')
    if (!result.ok && file.failures.length === 0) file.failures.push(failureOf(result))
    if (typeof result.skip === 'string' && result.skip !== '') file.skipped.push(result.skip)
    this.#files.push(file)
    const { assertions, failures } = file
    const state = failures.length > 0 ? 'FAILED' : file.skipped.length > 0 ? 'skips ' : 'ok    '
    const number = `[${String(this.#files.length).padStart(String(this.#planned).length)}/${this.#planned}]`
    const took = ((result.time ?? 0) / 1000).toFixed(1)
    this.#print(
      `${number} ${this.#elapsed().padStart(5)}  ${state} ${name}: ${assertions} assertions, ${took} s`,
    )
    for (const { name } of failures) this.#print(`${' '.repeat(number.length)}        FAILED ${name}`)
  }
}

const newFile = (name: string): File => ({ name, assertions: 0, failures: [], skipped: [] })

/** A failed assertion, with the names of its tests. */
function failureOf({ fullname, name, diag }: Result): Failure {
  return {
    name: toSource(fullname === '' ? name : fullname),
    diagnosis: (diag ?? {}) as Failure['diagnosis'],
  }
}

function describe(file: string, { name, diagnosis }: Failure): string {
  const { diff, source, ...others } = diagnosis
  const rest = Object.fromEntries(
    Object.entries(others).filter(([key, value]) => !NOISE.has(key) && value !== null && value !== undefined),
  )
  const parts = [
    Object.keys(rest).length === 0 ? '' : stringify(rest),
    typeof source === 'string' ? source : '',
    typeof diff === 'string' ? diff : '',
  ]
  const details = parts.filter((part) => part !== '').map((part) => part.trimEnd().replace(/^/gm, '    '))
  return [`FAILED ${name.startsWith(file) ? name : `${file} > ${name}`}`, ...details, ''].join('\n')
}

/** Without a failed test, it is the coverage, as the table above shows, or tap itself, that has failed. */
function incomplete(counts: string, exitCode: number): string {
  return `FAILED with exit code ${exitCode}, though no test failed: ${counts}. Look above for the coverage and its limits.`
}
