import { EMPTY_ARRAY, parse } from '../../json/json.js'
import { elements, members } from '../../json/parts.js'
import type { Send } from '../call/limits.js'

/** How long the names are kept, and how long the request for them may take, in ms. */
const KEPT_MS = 5000
const TIMEOUT_MS = 1000

/** The names of tables, only to tell a caller which one it may have meant: they may be outdated, or not be all. */
export class TableNamesCache {
  readonly #send: Send
  #names: Promise<readonly string[]> | undefined
  #since = -Infinity

  constructor(send: Send) {
    this.#send = send
  }

  /** The names of up to 100 tables; none if they cannot be listed in time. */
  get(): Promise<readonly string[]> {
    const now = performance.now()
    if (this.#names === undefined || now - this.#since > KEPT_MS) {
      this.#since = now
      this.#names = this.#list().catch(() => [])
    }
    return this.#names
  }

  async #list(): Promise<readonly string[]> {
    const answer = await this.#send('ListTables', {}, { deadline: performance.now() + TIMEOUT_MS })
    return elements(members(answer).get('TableNames') ?? EMPTY_ARRAY).map((name) => String(parse(name)))
  }
}
