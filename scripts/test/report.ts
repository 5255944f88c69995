/** What `npm test` prints: a line for each finished test file as it ends, and all failures at the end, where a person looks. */
import { stringify } from 'yaml'
import type { Failure, FileResult } from './test-file.js'

/** Parts of a diagnosis that only say how tap has started the test. */
const NOISE = new Set(['externalID', 'jobId', 'tapCaught'])

export class Report {
  readonly #print: (line: string) => void
  readonly #startedAt = performance.now()
  readonly #planned: number
  readonly #files: FileResult[] = []

  /**
   * @param planned the number of files
   * @param print writes a line
   */
  constructor(planned: number, print: (line: string) => void) {
    this.#planned = planned
    this.#print = print
  }

  /** Whether all files so far have passed. */
  get passed(): boolean {
    return this.#failed().length === 0
  }

  /** Takes the result of a file, and prints its line. */
  add(file: FileResult): void {
    this.#files.push(file)
    const { name, assertions, failures, skipped, seconds, output } = file
    if (output.trim() !== '') this.#print(output.trimEnd())
    const state = failures.length > 0 ? 'FAILED' : skipped.length > 0 ? 'skips ' : 'ok    '
    const number = `[${String(this.#files.length).padStart(String(this.#planned).length)}/${this.#planned}]`
    this.#print(
      `${number} ${this.#elapsed().padStart(5)}  ${state} ${name}: ${assertions} assertions, ${seconds.toFixed(1)} s`,
    )
    for (const { name } of failures) this.#print(`${' '.repeat(number.length)}        FAILED ${name}`)
  }

  /** How far the run is: `12 of 107 files after 1:40, 0 failed`. */
  progress(): string {
    return `${this.#files.length} of ${this.#planned} files after ${this.#elapsed()}, ${this.#failed().length} failed`
  }

  /**
   * The last lines of the run.
   * @param covered whether the coverage is as required
   */
  summary(covered: boolean): string {
    const failed = this.#failed()
    const skipped = [...new Set(this.#files.flatMap(({ skipped }) => skipped))]
    const assertions = this.#files.reduce((sum, file) => sum + file.assertions, 0)
    const counts = `${this.#files.length} files, ${assertions} assertions in ${this.#elapsed()} minutes`
    return [
      ...failed.flatMap(({ name, failures }) => failures.map((failure) => describe(name, failure))),
      ...(skipped.length === 0 ? [] : ['Skipped:', ...skipped.map((reason) => `  ${reason}`), '']),
      ...(failed.length > 0
        ? [
            `${failed.length} of ${counts}: FAILED. To run them again:`,
            ...failed.flatMap(({ name, failures }) => [
              `  npm test -- --disable-coverage ${name}`,
              ...failures.filter((failure) => failure.name !== '').map((failure) => `    ${failure.name}`),
            ]),
          ]
        : [
            covered
              ? `All tests passed: ${counts}.`
              : `FAILED: ${counts}, and all tests passed, but the coverage is too low.`,
          ]),
      '',
    ].join('\n')
  }

  #failed(): readonly FileResult[] {
    return this.#files.filter(({ failures }) => failures.length > 0)
  }

  #elapsed(): string {
    const seconds = Math.round((performance.now() - this.#startedAt) / 1000)
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
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
  return [`FAILED ${name === '' ? file : `${file} > ${name}`}`, ...details, ''].join('\n')
}
