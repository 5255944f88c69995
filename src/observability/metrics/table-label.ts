import { tableName } from '../../storage/tables/table-names.js'

/** The most tables that have series of their own. */
const MAX_TABLES = 200
export const OTHER = '_other'

/**
 * The values of labels that name tables. Callers can send any name, so only a table that DynamoDB has confirmed exists is a
 * value, and only the first 200 of them.
 */
export class TableLabel {
  readonly #confirmed = new Set<string>()

  /** DynamoDB has answered a call about the table. */
  confirm(table: string): void {
    if (this.#confirmed.size < MAX_TABLES) this.#confirmed.add(tableName(table))
  }

  of(table: unknown): string {
    if (typeof table !== 'string') return OTHER
    const name = tableName(table)
    return this.#confirmed.has(name) ? name : OTHER
  }
}
