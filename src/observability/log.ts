import { type DestinationStream, type Logger, pino } from 'pino'

/** So many causes of an error are logged with it; they may go round in a circle. */
const CAUSES = 5

/**
 * The log, one JSON object a line. Errors are logged without what they carry: bodies of DynamoDB's and the
 * entries of a batch are the callers' data and do not belong into a log.
 */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options = { level, serializers: { err: (error: unknown) => describe(error, CAUSES) } }
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

/** Lines are written when there are so many characters of them, or after so long, in ms. */
const BATCH_LENGTH = 8192
const BATCH_MS = 100

/** The standard output, some lines at a time: to write one costs many times what it costs to make it. */
function batchedOutput(): DestinationStream {
  // Synchronously, as pino does by default: where nobody reads, lines must neither pile up in memory nor get lost.
  const output = pino.destination({ minLength: BATCH_LENGTH })
  // Not flushSync, which has the disk finish as well, and everybody wait for it.
  setInterval(() => {
    output.flush()
  }, BATCH_MS).unref()
  process.once('exit', () => {
    output.flushSync()
  })
  return output
}
