/**
 * Any number of puts, as they come: in requests of 25, some of them under way at a time, and no more read than these
 * take. Two puts of one key are done in their order.
 */
import { elements, EMPTY_OBJECT, type Json, members } from '../../json/reader.js'
import {
  type BatchContext,
  type BatchOutcome,
  type BatchRequest,
  CONCURRENCY,
  sendRequest,
} from './chunks.js'
import { WRITES_IN_A_REQUEST } from './batch-write.js'
import { isRetryable, ImportError, type StorageError } from '../errors.js'
import type { KeySchemas } from '../tables/key-schemas.js'
import type { StreamLimits } from '../call/limits.js'
import { type Parameter, serialize } from '../request.js'
import { asRequested } from '../tables/table-names.js'

/** A request that has so many bytes of items is sent, however few they are. */
const FULL_REQUEST_BYTES = 1024 * 1024

/** An item to put, and the number it has where it comes from; later ones have greater numbers. */
export interface NumberedItem {
  readonly number: number
  readonly json: Json
}

/** Where the items come from. */
export interface ItemSource {
  /** The next ones, as many as are there together. What it throws ends the source. */
  readonly items: AsyncIterable<Iterable<NumberedItem>>
  /** Told of so many more bytes that are held, or less if negative. What it throws ends the source, too. */
  readonly hold: (bytes: number) => void
  /** No more items are wanted. */
  readonly interrupt: () => void
}

interface Put extends NumberedItem {
  readonly key: string | undefined
}

/** The puts of a request. */
class Batch {
  readonly puts: Put[] = []
  readonly keys = new Set<string>()
  bytes = 0
  done: Promise<unknown> = Promise.resolve()

  add(put: Put): void {
    this.puts.push(put)
    if (put.key !== undefined) this.keys.add(put.key)
    this.bytes += put.json.length
  }

  get isFull(): boolean {
    return this.puts.length === WRITES_IN_A_REQUEST || this.bytes >= FULL_REQUEST_BYTES
  }
}

/** See {@link Storage.putItems}. */
export async function putItems(
  table: string,
  { items, hold, interrupt }: ItemSource,
  keySchemas: KeySchemas,
  { send, pace }: Omit<BatchContext, 'limits'>,
  { timeoutMs, maxBytes, signal }: StreamLimits,
): Promise<number> {
  const request: BatchRequest<Put> = {
    operation: 'BatchWriteItem',
    requestFor: (puts) => ({ RequestItems: requestItemsOf(table, puts) }),
    unprocessedIn: (answer, puts) =>
      unprocessedOf(puts, members(answer).get('UnprocessedItems') ?? EMPTY_OBJECT, table, keyOf),
  }
  const sendPuts = (puts: readonly Put[]) =>
    sendRequest(puts, request, { send, pace, limits: { deadline: performance.now() + timeoutMs, signal } })

  let keyOf: (item: Json) => string | undefined = () => undefined
  const underWay: Batch[] = []
  const incomplete: BatchOutcome<Put>[] = []
  let written = 0
  let heldBytes = 0
  let batch = new Batch()

  function holdMore(bytes: number): void {
    hold(bytes)
    heldBytes += bytes
  }

  async function sendBatch({ puts }: Batch): Promise<void> {
    let outcome = await sendPuts(puts)
    // One of them is wrong: in their order, all before it can be done.
    if (isRefused(outcome.error) && outcome.unprocessed.length > 1) {
      const each = outcome.unprocessed
      for (const [index, put] of each.entries()) {
        const { unprocessed, ...rest } = await sendPuts([put])
        outcome = { ...rest, unprocessed: unprocessed.length > 0 ? each.slice(index) : [] }
        if (unprocessed.length > 0) break
      }
    }
    written += puts.length - outcome.unprocessed.length
    if (outcome.unprocessed.length === 0) return
    incomplete.push(outcome)
    interrupt()
  }

  /** Nothing to wait for is no reason to wait. */
  const anyDone = async () => underWay.length > 0 && Promise.race(underWay.map(({ done }) => done))

  /** Sends the batch as soon as there is room for it. */
  async function flush(): Promise<void> {
    const full = batch
    if (full.puts.length === 0) return
    while (underWay.length >= CONCURRENCY) await anyDone()
    // It is not known what became of the puts that some of these would overtake.
    if (incomplete.length > 0) return
    batch = new Batch()
    underWay.push(full)
    full.done = sendBatch(full).finally(() => {
      underWay.splice(underWay.indexOf(full), 1)
      holdMore(-full.bytes)
    })
  }

  /** Waits until it can be added: its key is not under way, and it is not too much. */
  async function makeRoom(key: string | undefined, bytes: number): Promise<void> {
    if (key !== undefined) {
      if (batch.keys.has(key)) await flush()
      await underWay.find(({ keys }) => keys.has(key))?.done
    }
    while (heldBytes > 0 && heldBytes + bytes > maxBytes && incomplete.length === 0) {
      await flush()
      await anyDone()
    }
  }

  function hasRoom(key: string | undefined, bytes: number): boolean {
    if (heldBytes + bytes > maxBytes) return false
    return key === undefined || !(batch.keys.has(key) || underWay.some(({ keys }) => keys.has(key)))
  }

  let failure: { readonly error: unknown } | undefined
  try {
    const describe = async (since?: number) =>
      keySchemas.ofItems(table, { deadline: performance.now() + timeoutMs, signal }, since)
    const began = performance.now()
    let askedAnew = false
    keyOf = await describe()
    for await (const some of items) {
      for (const item of some) {
        if (incomplete.length > 0) break
        let key = keyOf(item.json)
        if (key === undefined && !askedAnew) {
          // Perhaps it is another table by now.
          askedAnew = true
          keyOf = await describe(began)
          key = keyOf(item.json)
        }
        const { length } = item.json
        if (!hasRoom(key, length)) await makeRoom(key, length)
        holdMore(length)
        batch.add({ number: item.number, json: item.json, key })
        if (batch.isFull) await flush()
      }
      if (incomplete.length > 0) break
    }
  } catch (error) {
    failure = { error }
  }
  await flush()
  await Promise.all(underWay.map(({ done }) => done))
  holdMore(-batch.bytes)
  if (failure === undefined && incomplete.length === 0) return written
  throw stopped(table, written, incomplete, batch.puts, failure?.error)
}

/** DynamoDB refuses what is asked for, and will do so again. */
function isRefused(error: StorageError | undefined): boolean {
  return error?.statusCode !== undefined && error.statusCode < 500 && !isRetryable(error.kind)
}

/** Where it stopped, and why: at the first item that was refused; else where the first one is not confirmed. */
function stopped(
  table: string,
  written: number,
  incomplete: readonly BatchOutcome<Put>[],
  unsent: readonly Put[],
  failure: unknown,
): ImportError {
  const outcomes = incomplete.toSorted((a, b) => firstOf(a) - firstOf(b))
  const refused = outcomes.find(({ error }) => isRefused(error))
  const first = refused ?? outcomes[0]
  const left = [...outcomes.flatMap((outcome) => outcome.unprocessed), ...unsent]
    // What comes behind a refused item is the caller's to send again.
    .filter(({ number }) => refused === undefined || number < firstOf(refused))
    .sort((a, b) => a.number - b.number)
  // Of two with one key the later one replaces the other, and BatchWriteItem takes no two.
  const unprocessed = [...new Map(left.map((put) => [put.key ?? put, put])).values()]
  return new ImportError({
    number: first && firstOf(first),
    written,
    unprocessed: unprocessed.length,
    maybeApplied: outcomes.some(({ maybeApplied }) => maybeApplied),
    output:
      unprocessed.length === 0
        ? EMPTY_OBJECT
        : serialize({ UnprocessedItems: requestItemsOf(table, unprocessed) }),
    cause: first === undefined ? failure : first.error,
  })
}

function firstOf({ unprocessed: [first] }: BatchOutcome<Put>): number {
  return first?.number ?? Infinity
}

/** Those of the puts that DynamoDB's answer says are unprocessed, told by their keys. */
function unprocessedOf(
  puts: readonly Put[],
  unprocessedItems: Json,
  table: string,
  keyOf: (item: Json) => string | undefined,
): readonly Put[] {
  const keys = new Set<string | undefined>()
  for (const [answered, writes] of members(unprocessedItems)) {
    if (asRequested(answered, [table]) !== table) return puts
    for (const write of elements(writes)) {
      const item = members(members(write).get('PutRequest') ?? EMPTY_OBJECT).get('Item')
      keys.add(item && keyOf(item))
    }
  }
  const left = puts.filter(({ key }) => key !== undefined && keys.has(key))
  // What cannot be told apart is sent again as a whole: to put an item twice is the same as once.
  return left.length === keys.size ? left : puts
}

function requestItemsOf(table: string, puts: readonly Put[]): Parameter {
  return { [table]: puts.map(({ json }) => ({ PutRequest: { Item: json } })) }
}
