import { type DestinationStream, type LogFn, type Logger, pino } from 'pino'
import { removeSecrets } from '../problem/redact.js'
import { createErrorDescription } from './error-description.js'
import { Output } from './output.js'
import { routeTemplate } from './route-template.js'

const STDOUT = 1

/** Names of tables (API Reference, CreateTable) and ARNs. A request may have anything in their place. */
const TABLE = /^[\w.:/-]{1,1024}$/

/**
 * The log: one JSON object on each line. Every line is redacted here, by the names of its members:
 * - `err`: an error without the data that it carries, and without a message that may quote an item or a secret.
 * - `route`: the template of a route, as in `openapi.yaml`.
 * - `url`: has the keys of items and the query string, so it is left out unless `logKeys` is true.
 * - `table`: left out if it is no name of a table; null in an audit line of a request about none.
 * @param logKeys whether keys of items, query strings and messages that quote them may be logged (`LOG_KEYS`)
 */
export function createLogger(level: string, destination?: DestinationStream, logKeys = false): Logger {
  return pino(
    {
      level,
      hooks: { logMethod },
      serializers: {
        err: createErrorDescription(logKeys),
        url: (url: string) => (logKeys ? removeSecrets(url) : undefined),
        route: routeTemplate,
        table: (table: unknown) =>
          table === null || (typeof table === 'string' && TABLE.test(table)) ? table : undefined,
      },
    },
    destination ?? new Output(STDOUT),
  )
}

/** For a line without a message, pino would take the one of its error, as it is. */
function logMethod(this: Logger, args: Parameters<LogFn>, method: LogFn): void {
  const [first, message]: readonly unknown[] = args
  const line = first instanceof Error ? { err: first } : first
  if (message === undefined && typeof line === 'object' && line !== null && 'err' in line) {
    method.call(this, line, 'error')
  } else {
    method.apply(this, args)
  }
}
