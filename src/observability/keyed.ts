/** The values of any number of keys, each made when it is first needed; fast, since it is asked in every request. */
export class Keyed<Key, Value> {
  readonly #values = new Map<Key, Value>()
  readonly #make: (key: Key) => Value

  constructor(make: (key: Key) => Value) {
    this.#make = make
  }

  get(key: Key): Value {
    const found = this.#values.get(key)
    if (found !== undefined) return found
    const made = this.#make(key)
    this.#values.set(key, made)
    return made
  }

  values(): Iterable<Value> {
    return this.#values.values()
  }
}
