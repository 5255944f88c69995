/**
 * The queue for sockets. undici has a queue too, but it keeps each request with its body until there is a socket for
 * it, even if its caller has canceled it long ago.
 */
export class SocketQueue {
  #free: number
  /** In the order of their arrival. */
  readonly #waiting = new Set<() => void>()

  /** @param sockets that can be in use at a time */
  constructor(sockets: number) {
    this.#free = sockets
  }

  /** The number of requests in the queue. */
  get pending(): number {
    return this.#waiting.size
  }

  /** The number of sockets that can be used at once. */
  get free(): number {
    return this.#free
  }

  /**
   * Calls `start` as soon as a socket is free: at once, or later outside the caller's stack.
   * @returns `release`, to be called once: when the socket is free again, or to leave the queue
   */
  acquire(start: () => void): () => void {
    let acquired = false
    const begin = () => {
      acquired = true
      this.#free--
      start()
    }
    // Requests that arrive between a release and the microtask must not overtake those in the queue.
    if (this.#free > 0 && this.#waiting.size === 0) begin()
    else this.#waiting.add(begin)
    return () => {
      if (acquired) this.#release()
      else this.#waiting.delete(begin)
    }
  }

  #release(): void {
    this.#free++
    // undici calls a handler while it clears a client's queue, and asserts that the queue is empty afterwards
    // (handleConnectError in its client.js). A request that is dispatched before it returns breaks that assertion.
    if (this.#waiting.size > 0) queueMicrotask(this.#startNext)
  }

  readonly #startNext = (): void => {
    const [begin] = this.#waiting
    if (begin === undefined || this.#free === 0) return
    this.#waiting.delete(begin)
    begin()
  }
}
