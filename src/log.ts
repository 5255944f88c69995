import { type DestinationStream, type Logger, pino } from 'pino'

/**
 * The log, one JSON object a line. Errors are logged without what they carry: bodies of DynamoDB's and the
 * entries of a batch are the callers' data and do not belong into a log.
 */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options = { level, serializers: { err: describe } }
  return destination === undefined ? pino(options) : pino(options, destination)
}

interface ErrorDescription {
  readonly type: string
  readonly message: string
  readonly stack: string | undefined
  readonly cause?: ErrorDescription
}

function describe(error: unknown): ErrorDescription | undefined {
  if (!(error instanceof Error)) return undefined
  const cause = describe(error.cause)
  return {
    type: error.name,
    message: error.message,
    stack: error.stack,
    ...(cause !== undefined && { cause }),
  }
}
