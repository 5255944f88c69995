/**
 * What is under way at a time, of which each is there once. It is no `Set` because of the garbage collector: whenever
 * a `Set` or a `Map` that things come into and go from makes itself a new table, the old one keeps a reference to the
 * new one. Once a single old table has grown old, all tables after it do, and with them the requests in them; that cost
 * a tenth of all the CPU time.
 */
export class Bag<Item extends object> {
  readonly #items: Item[] = []

  get size(): number {
    return this.#items.length
  }

  add(item: Item): void {
    this.#items.push(item)
  }

  /** Takes it out; false if it was not there. */
  delete(item: Item): boolean {
    const index = this.#items.lastIndexOf(item)
    if (index === -1) return false
    const last = this.#items.pop()
    if (last !== undefined && last !== item) this.#items[index] = last
    return true
  }

  /** All that are there now, whatever comes or goes meanwhile. */
  [Symbol.iterator](): Iterator<Item> {
    return this.#items.slice().values()
  }
}
