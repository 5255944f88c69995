/**
 * Who may use a socket. undici would queue too, but keeps what is queued, with its body, until there is a socket,
 * though its caller may be long gone.
 */
export class Turns {
  #free: number
  /** In the order in which they came. */
  readonly #waiting = new Set<() => void>()

  constructor(atATime: number) {
    this.#free = atATime
  }

  /**
   * Calls `begin` as soon as it is its turn, perhaps at once.
   * @returns what must be called once: when it is done, or when it has given up waiting
   */
  take(begin: () => void): () => void {
    let begun = false
    const start = () => {
      begun = true
      this.#free--
      begin()
    }
    if (this.#free > 0) start()
    else this.#waiting.add(start)
    return () => {
      if (!begun) {
        this.#waiting.delete(start)
        return
      }
      this.#free++
      for (const next of this.#waiting) {
        this.#waiting.delete(next)
        next()
        break
      }
    }
  }
}
