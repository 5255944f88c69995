/** The log takes what Node.js and packages would print beside it: nothing but lines of the log leaves the process. */
import { format } from 'node:util'
import type { FastifyBaseLogger } from 'fastify'

const LEVELS = {
  log: 'info',
  info: 'info',
  debug: 'debug',
  trace: 'debug',
  warn: 'warn',
  error: 'error',
} as const

/**
 * Makes each warning of the process one line, instead of several on stderr, and also what a package writes to the console,
 * such as the AWS SDK's warning about two sources of credentials.
 */
export function captureOutput(logger: FastifyBaseLogger): void {
  // The listener of Node.js itself prints warnings; `--no-warnings` only leaves it out.
  process.removeAllListeners('warning')
  process.on('warning', (err) => {
    logger.warn({ err }, 'Node.js warning')
  })
  for (const [method, level] of Object.entries(LEVELS)) {
    Reflect.set(console, method, (...args: readonly unknown[]) => {
      logger[level](format(...args))
    })
  }
}

/** The oldest version of Node.js that still gets security updates (https://nodejs.org/en/about/previous-releases). */
const OLDEST_MAINTAINED = 22

/** Says once that this version of Node.js has reached its end of life; the AWS SDK then does not say so, too. */
export function warnOfOldNode(logger: FastifyBaseLogger, version = process.version): void {
  const major = Number(/^v(\d+)/.exec(version)?.[1])
  if (major >= OLDEST_MAINTAINED) return
  // The documented switch of the SDK's own warning.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true'
  logger.warn(
    { node: version },
    `Node.js ${major} is past its end of life and gets no security updates. Node.js 24 LTS is recommended.`,
  )
}
