/** The pages of a Query or a Scan, one after the other (Developer Guide, "Paginating table query results"). */
import type { Json } from '../../json/json.js'
import { isRetryable, StorageError } from '../errors.js'

/** The operations that answer in pages. */
export type PageOperation = 'Query' | 'Scan'

export interface Page {
  /** Where the next page begins: the key behind which it starts; undefined on the last page. */
  readonly lastEvaluatedKey: Json | undefined
}

export interface PageOptions {
  /** Whether the next page is fetched while the current one is used. Two pages are in memory then. */
  readonly ahead?: boolean
  /**
   * When the reading ends, on the clock of `performance.now()`: no page is fetched after it. A later page that fails,
   * although it may succeed when it is asked for again, ends the reading, too: what was read so far is not lost.
   */
  readonly stopAt?: number
}

/**
 * The pages from the first one on, until the data end. The reader may stop before; the `lastEvaluatedKey` of the last page
 * that it got is where to go on.
 * @param first the first page, already read
 * @param next reads the page behind a key
 * @throws StorageError if a later page fails, except as {@link PageOptions.stopAt} says
 */
export async function* pagesFrom<P extends Page>(
  first: P,
  next: (startKey: Json) => Promise<P>,
  { ahead = false, stopAt }: PageOptions = {},
): AsyncGenerator<P, void, undefined> {
  let page: P | undefined = first
  while (page !== undefined) {
    const { lastEvaluatedKey }: Page = page
    const coming: Promise<P> | undefined =
      ahead && lastEvaluatedKey !== undefined ? next(lastEvaluatedKey) : undefined
    // Its error is handled when the page before it has been used.
    coming?.catch(() => undefined)
    yield page
    if (lastEvaluatedKey === undefined || (stopAt !== undefined && performance.now() >= stopAt)) return
    page = await (coming ?? next(lastEvaluatedKey)).catch((error: unknown) => {
      if (stopAt === undefined || !mayPass(error)) throw error
      return undefined
    })
  }
}

/** Whether the call that failed may succeed when it is made again. */
export function mayPass(error: unknown): error is StorageError {
  return error instanceof StorageError && isRetryable(error.kind)
}
