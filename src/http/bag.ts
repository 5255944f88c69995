/**
 * An unordered collection of distinct objects that come and go all the time, such as in-flight requests. It is not a
 * `Set` because of the garbage collector: a `Set` or `Map` that items keep entering and leaving replaces its hash table
 * again and again, and each old table keeps a reference to the new one. Once one of them has been promoted to the old
 * generation, all later tables are kept alive, and with them the requests in them. That cost a tenth of the CPU time.
 */
export class Bag<Item extends object> {
  readonly #items: Item[] = []

  get size(): number {
    return this.#items.length
  }

  add(item: Item): void {
    this.#items.push(item)
  }

  /** Removes an item; false if it was not in the bag. */
  delete(item: Item): boolean {
    const index = this.#items.lastIndexOf(item)
    if (index === -1) return false
    const last = this.#items.pop()
    if (last !== undefined && last !== item) this.#items[index] = last
    return true
  }

  /** The items as of now; adding and removing does not disturb the iteration. */
  [Symbol.iterator](): Iterator<Item> {
    return this.#items.slice().values()
  }
}
