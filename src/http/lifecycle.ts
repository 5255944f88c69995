/**
 * Where the service is in its life: serving, or draining on its way to the end. A service that drains (NATS calls it
 * lame-duck mode) serves every request, but tells load balancers to send theirs elsewhere: it is not ready, and each of
 * its answers closes its connection.
 */
export class Lifecycle {
  readonly #listeners: (() => void)[] = []
  #draining = false

  /** True from the first {@link startDraining}; it never becomes false again. */
  get draining(): boolean {
    return this.#draining
  }

  /** Starts draining. Further calls have no effect. */
  startDraining(): void {
    if (this.#draining) return
    this.#draining = true
    for (const listener of this.#listeners) listener()
  }

  /** Calls the listener when draining starts. */
  onDraining(listener: () => void): void {
    this.#listeners.push(listener)
  }
}
