import { SHORT_BYTES } from '../../json/in-slices.js'

/** The most keys in one BatchGetItem (API Reference). */
const MAX_KEYS = 100
/**
 * The size of an answer to aim at, in bytes. DynamoDB's own limit is 16 MB, but a larger one than this would be read with pauses,
 * while all its gets wait.
 */
const ANSWER_BYTES = SHORT_BYTES
/**
 * Of larger items on average, in bytes, no gets share a call. To find where each ends in the answer takes 2.3 ns a byte, 38 µs for this
 * size, and more than it saves for the next larger ones.
 */
const LARGE_ITEM_BYTES = 16 * 1024
/** An average over about this many gets. */
const AVERAGED = 16

/** What is known of a table: how large its items are, and whether its gets may share calls now. */
export class TableMerging {
  /** Undefined until a get was answered. */
  #averageBytes: number | undefined
  #pausedUntil = -Infinity

  get paused(): boolean {
    return performance.now() < this.#pausedUntil
  }

  pause(ms: number): void {
    this.#pausedUntil = performance.now() + ms
  }

  /** The most keys in one call, by the average size seen. */
  get keysPerCall(): number {
    if (this.#averageBytes === undefined || this.#averageBytes > LARGE_ITEM_BYTES) return 1
    return Math.min(MAX_KEYS, Math.floor(ANSWER_BYTES / Math.max(1, this.#averageBytes)))
  }

  /**
   * Learns from an answer how large items are.
   * @param bytes of all items together
   * @param keys that were read
   */
  learn(bytes: number, keys: number): void {
    const before = this.#averageBytes
    const mean = bytes / keys
    this.#averageBytes =
      before === undefined ? mean : before + ((mean - before) * keys) / (keys + AVERAGED - 1)
  }
}

/** The most tables that are remembered. Callers may name any number that do not exist. */
const MAX_TABLES = 1000

export class MergedTables {
  readonly #tables = new Map<string, TableMerging>()

  of(table: string): TableMerging {
    const known = this.#tables.get(table)
    if (known !== undefined) return known
    if (this.#tables.size >= MAX_TABLES) {
      for (const oldest of this.#tables.keys()) {
        this.#tables.delete(oldest)
        break
      }
    }
    const created = new TableMerging()
    this.#tables.set(table, created)
    return created
  }
}
