/**
 * The end of the process. SIGTERM and the other signals that stop it drain for `SHUTDOWN_DELAY_MS`, then close the port
 * and finish the in-flight requests within `SHUTDOWN_GRACE_MS`; SIGUSR2 only drains. An uncaught error finishes them, too.
 */
import type { FastifyBaseLogger } from 'fastify'

/** A second signal within this time after the first one is the same signal, delivered twice, in ms. */
const SAME_SIGNAL_MS = 1000

export interface ShutdownOptions {
  /** `SHUTDOWN_DELAY_MS` */
  readonly delayMs: number
  /** `SHUTDOWN_GRACE_MS` */
  readonly graceMs: number
  /** Whether SIGHUP has a meaning of its own, rather than the terminal's end. */
  readonly reloadsOnHangUp: boolean
  readonly startDraining: () => void
  /** Closes the port, and resolves when the last in-flight request has finished. */
  readonly close: () => Promise<unknown>
  readonly reportError: (error: unknown) => void
  readonly logger: FastifyBaseLogger
}

/**
 * Handles the signals and the uncaught errors of the process, which ends with 0 after a signal, and with 1 after an error,
 * after the grace period, and when a second SIGINT ends it at once.
 *
 * The package close-with-grace is not used, because it ends the process at once at any second signal. Process groups (Ctrl-C,
 * systemd) and npm, which passes signals on, deliver every signal twice: that cut off all in-flight requests.
 */
export function shutDownGracefully(options: ShutdownOptions): void {
  const { delayMs, graceMs, logger, reportError, startDraining } = options
  let stoppedAt: number | undefined
  let closing = false
  let failed = false

  const close = async () => {
    if (closing) return
    closing = true
    setTimeout(() => {
      logger.error('graceful shutdown did not finish within SHUTDOWN_GRACE_MS')
      process.exit(1)
    }, graceMs)
    try {
      await options.close()
    } catch (error) {
      failed = true
      reportError(error)
    }
    logger.info('stopped')
    process.exit(failed ? 1 : 0)
  }

  const onStop = (signal: NodeJS.Signals) => {
    const now = performance.now()
    if (stoppedAt !== undefined) {
      if (now - stoppedAt <= SAME_SIGNAL_MS) return
      // A supervisor that repeats SIGTERM is impatient, but its limit is SIGKILL. A person at a terminal is in a hurry.
      if (signal !== 'SIGINT') return
      logger.warn({ signal }, 'ending at once: in-flight requests are cut off')
      process.exit(1)
    }
    stoppedAt = now
    startDraining()
    const stop = () => {
      if (!closing) logger.info({ signal }, 'stopping')
      void close()
    }
    if (delayMs === 0) stop()
    else {
      logger.info({ signal, delayMs }, 'draining until SHUTDOWN_DELAY_MS has passed')
      setTimeout(stop, delayMs)
    }
  }

  const onError = (error: unknown) => {
    reportError(error)
    // The shutdown itself may be what fails.
    if (failed) process.exit(1)
    failed = true
    void close()
  }

  process.on('SIGTERM', onStop)
  process.on('SIGINT', onStop)
  process.on('SIGQUIT', onStop)
  if (!options.reloadsOnHangUp) process.on('SIGHUP', onStop)
  process.on('SIGUSR2', (signal) => {
    logger.info({ signal }, 'draining')
    startDraining()
  })
  process.on('uncaughtException', onError)
  process.on('unhandledRejection', onError)
}
