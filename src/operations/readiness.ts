import type { Lifecycle } from '../http/lifecycle.js'
import { document } from '../items/representation.js'
import { ProblemError } from '../problem/problem-error.js'
import { storageProblem } from '../problem/storage-problem.js'
import { unreachableMessage } from '../storage/call/network-message.js'
import type { Storage } from '../storage/client.js'
import { StorageError } from '../storage/errors.js'

/** The result of one check of DynamoDB is used for this time, in ms. */
const CHECK_VALID_MS = 500
/** The timeout of a check, in ms. */
const CHECK_TIMEOUT_MS = 1000

/** Readiness: DynamoDB responds and accepts the credentials, and the service is not draining. */
export class Readiness {
  readonly #storage: Pick<Storage, 'ping' | 'endpoint'>
  readonly #lifecycle: Pick<Lifecycle, 'draining'>
  #checkedAt = -Infinity
  #check = Promise.resolve()

  constructor(storage: Pick<Storage, 'ping' | 'endpoint'>, lifecycle: Pick<Lifecycle, 'draining'>) {
    this.#storage = storage
    this.#lifecycle = lifecycle
  }

  /**
   * All who ask within 500 ms share one call to DynamoDB.
   * @throws ProblemError with 503 if the service is not ready; its detail names the reason, with host and error code
   */
  async check(): Promise<void> {
    if (this.#lifecycle.draining) {
      throw new ProblemError('ServiceUnavailable', 'The service is draining.')
    }
    if (performance.now() - this.#checkedAt > CHECK_VALID_MS) {
      this.#checkedAt = performance.now()
      this.#check = this.#storage.ping(CHECK_TIMEOUT_MS)
    }
    try {
      await this.#check
    } catch (cause) {
      throw new ProblemError('ServiceUnavailable', this.#reason(cause), { cause, next: '' })
    }
  }

  /** Unlike the problems of the API, it names the host and the settings: it is for the operator of the service. */
  #reason(error: unknown): string {
    if (!(error instanceof StorageError)) return 'The check of DynamoDB failed. The log has the reason.'
    if (error.kind === 'network') return unreachableMessage(error.message)
    if (error.kind === 'timeout')
      return `DynamoDB did not respond in time, at ${this.#storage.endpoint.host}.`
    return storageProblem(error, document).message
  }
}
