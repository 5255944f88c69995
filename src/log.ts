import { type DestinationStream, type Logger, pino } from 'pino'

/** So many causes of an error are logged with it; they may go round in a circle. */
const CAUSES = 5

/**
 * The log, one JSON object a line. Errors are logged without what they carry: bodies of DynamoDB's and the
 * entries of a batch are the callers' data and do not belong into a log.
 */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options = { level, serializers: { err: (error: unknown) => describe(error, CAUSES) } }
  return pino(options, destination ?? new BatchedOutput())
}

interface ErrorDescription {
  readonly type: string
  readonly message: string
  readonly stack: string | undefined
  readonly cause?: ErrorDescription
}

function describe(error: unknown, causes: number): ErrorDescription | undefined {
  if (!(error instanceof Error) || causes < 0) return undefined
  const cause = describe(error.cause, causes - 1)
  return {
    type: error.name,
    message: error.message,
    stack: error.stack,
    ...(cause !== undefined && { cause }),
  }
}

/** Lines are written when there are so many characters of them, or after so long, in ms. */
const BATCH_LENGTH = 8192
const BATCH_MS = 20
/** So many characters wait for whoever reads the output; more are dropped, or they would fill the memory. */
const MAX_WAITING_LENGTH = 16 * 1024 * 1024

/** The standard output, some lines at a time: to write one costs many times what it costs to make it. */
class BatchedOutput implements DestinationStream {
  /** With a length of its own, so that it leaves to us when to write. */
  readonly #output = pino.destination({
    sync: false,
    minLength: BATCH_LENGTH,
    maxLength: MAX_WAITING_LENGTH,
  })
  #lines = ''
  #dropped = 0
  #timer: NodeJS.Timeout | undefined

  constructor() {
    this.#output.on('drop', (lines: string) => {
      this.#dropped += lines.length
    })
    process.once('exit', () => {
      this.flushSync()
    })
  }

  write(line: string): void {
    this.#lines += line
    if (this.#lines.length >= BATCH_LENGTH) this.#flush()
    else this.#timer ??= setTimeout(this.#flush, BATCH_MS).unref()
  }

  /** Called by pino, too, after what is fatal. */
  flushSync(): void {
    this.#handOver()
    this.#output.flushSync()
  }

  readonly #flush = (): void => {
    this.#handOver()
    this.#output.flush()
  }

  #handOver(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const lines = this.#lines
    this.#lines = ''
    const dropped = this.#dropped
    if (dropped === 0) {
      this.#output.write(lines)
      return
    }
    const msg = `the log was not read; ${dropped} characters of it were dropped`
    this.#output.write(`${JSON.stringify({ level: 40, time: Date.now(), msg })}\n${lines}`)
    // Unless this was dropped, too.
    if (this.#dropped === dropped) this.#dropped = 0
  }
}
