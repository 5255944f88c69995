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
const BATCH_LENGTH = 16_384
const BATCH_MS = 20

/** The standard output, some lines at a time: to write one costs many times what it costs to make it. */
class BatchedOutput implements DestinationStream {
  readonly #output = pino.destination({ sync: false })
  #lines = ''
  #timer: NodeJS.Timeout | undefined

  constructor() {
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
    this.#flush()
    this.#output.flushSync()
  }

  readonly #flush = (): void => {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#lines === '') return
    const lines = this.#lines
    this.#lines = ''
    this.#output.write(lines)
  }
}
