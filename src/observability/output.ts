import { writeSync } from 'node:fs'
import type { DestinationStream } from 'pino'

/** Lines are written when they have this many characters together, or after this time, in ms. */
const BATCH_LENGTH = 8192
const BATCH_MS = 100
/** The most bytes of lines that are kept while they cannot be written, and one line more. Further lines are dropped, and counted. */
const MAX_LENGTH = 256 * 1024
const NOTHING = Buffer.alloc(0)

/**
 * The output of the log, several lines at a time: writing a line costs many times what formatting it costs.
 *
 * It writes synchronously, as is pino's default: if the reader of a pipe stalls, lines must neither pile up in memory nor
 * get lost. Where writing fails, because the disk is full or the reader is gone, the service goes on without a log.
 * pino's own destination ends the process then, and does not even succeed in that: for its last line it tries forever.
 */
export class Output implements DestinationStream {
  readonly #fd: number
  #lines = ''
  /** Of a write that failed in the middle. */
  #rest: Buffer = NOTHING
  #failed = false
  #dropped = 0

  /** @param fd the file descriptor, 1 for the standard output */
  constructor(fd: number) {
    this.#fd = fd
    setInterval(() => {
      this.flushSync()
    }, BATCH_MS).unref()
    process.once('exit', () => {
      this.flushSync()
    })
  }

  write(line: string): void {
    if (this.#failed && this.#rest.length + this.#lines.length > MAX_LENGTH) {
      this.#dropped++
      return
    }
    this.#lines += line
    if (this.#lines.length >= BATCH_LENGTH && !this.#failed) this.flushSync()
  }

  /** Writes all lines, if that is possible now. pino calls it after a line of the level `fatal`. */
  flushSync(): void {
    if (this.#lines === '' && this.#rest.length === 0) return
    const lines = Buffer.from(this.#lines)
    let bytes = this.#rest.length === 0 ? lines : Buffer.concat([this.#rest, lines])
    this.#lines = ''
    try {
      while (bytes.length > 0) bytes = bytes.subarray(writeSync(this.#fd, bytes))
      this.#recover()
    } catch {
      this.#failed = true
    }
    this.#rest = bytes
  }

  #recover(): void {
    this.#failed = false
    if (this.#dropped === 0) return
    const msg = 'the log could not be written: lines were dropped'
    this.#lines = `${JSON.stringify({ level: 50, time: Date.now(), dropped: this.#dropped, msg })}\n`
    this.#dropped = 0
  }
}
