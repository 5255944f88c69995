import { type DestinationStream, type Logger, pino } from 'pino'

/** The most causes of an error that are logged with it: they may form a cycle. */
const MAX_CAUSES = 5

/**
 * The log: one JSON object on each line. Errors are logged without the data that they carry. DynamoDB's answers and the
 * entries of a batch belong to the callers, not into a log.
 */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options = { level, serializers: { err: (error: unknown) => describe(error, MAX_CAUSES) } }
  return pino(options, destination ?? batchedOutput())
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

/** Lines are written when they have this many characters together, or after this time, in ms. */
const BATCH_LENGTH = 8192
const BATCH_MS = 100

/** The standard output, several lines at a time: writing a line costs many times what formatting it costs. */
function batchedOutput(): DestinationStream {
  // Synchronous, as is pino's default: if the reader of the pipe stalls, lines must neither pile up in memory nor get lost.
  const output = pino.destination({ minLength: BATCH_LENGTH })
  // Not flushSync, which also waits for the disk.
  setInterval(() => {
    output.flush()
  }, BATCH_MS).unref()
  process.once('exit', () => {
    output.flushSync()
  })
  return output
}
