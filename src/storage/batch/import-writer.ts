import { EMPTY_OBJECT, type Json } from '../../json/json.js'
import { members } from '../../json/parts.js'
import type { StreamLimits } from '../call/limits.js'
import { ImportError, type StorageError } from '../errors.js'
import { serialize } from '../request.js'
import type { KeySchemas } from '../tables/key-schemas.js'
import {
  type BatchContext,
  type BatchOutcome,
  type BatchRequest,
  CONCURRENCY,
  sendRequest,
} from './chunks.js'
import {
  type KeyOf,
  type NumberedEntry,
  requestItemsOf,
  unprocessedOf,
  type Write,
  WriteBatch,
} from './writes.js'

/** The source of the items and keys. */
export interface EntrySource {
  /** Entries as they arrive, those together that arrive together. An error that it throws ends the import. */
  readonly entries: AsyncIterable<Iterable<NumberedEntry>>
  /** Called when items occupy more memory, or less if `bytes` is negative. An error that it throws ends the import. */
  readonly hold: (bytes: number) => void
  /** Called with the number of items that have been written or deleted. */
  readonly onWritten: (count: number) => void
  /** Called when no more items are wanted. */
  readonly interrupt: () => void
}

/**
 * Puts and deletes any number of items as they arrive: collects them into batches of one request each, with a bounded number of
 * requests in flight and bounded memory. It reads no faster than DynamoDB writes (back-pressure). Two writes to one key
 * are done in their order, because a key is never in two batches at a time.
 */
export class ImportWriter {
  readonly #table: string
  readonly #source: EntrySource
  readonly #keySchemas: KeySchemas
  readonly #context: Omit<BatchContext, 'limits'>
  readonly #limits: StreamLimits
  readonly #request: BatchRequest<Write>
  #keyOf: KeyOf = () => undefined
  /** The table was described again, because an item did not match its key. Once is enough for one import. */
  #describedAgain = false
  /** The batch that items are added to. */
  #next = new WriteBatch()
  readonly #inFlight: WriteBatch[] = []
  /** The batches that were not written as a whole. One is enough to stop the import. */
  readonly #incomplete: BatchOutcome<Write>[] = []
  #written = 0
  /** The size of all items that were read and are not sent yet. */
  #heldBytes = 0

  constructor(
    table: string,
    source: EntrySource,
    keySchemas: KeySchemas,
    context: Omit<BatchContext, 'limits'>,
    limits: StreamLimits,
  ) {
    this.#table = table
    this.#source = source
    this.#keySchemas = keySchemas
    this.#context = context
    this.#limits = limits
    this.#request = {
      operation: 'BatchWriteItem',
      requestFor: (writes) => ({ RequestItems: requestItemsOf(table, writes) }),
      unprocessedIn: (answer, writes) =>
        unprocessedOf(writes, members(answer).get('UnprocessedItems') ?? EMPTY_OBJECT, table, this.#keyOf),
    }
  }

  /**
   * Writes all items of the source; see {@link Storage.importItems}.
   * @returns the number of items written
   * @throws ImportError
   */
  async run(): Promise<number> {
    let failure: { readonly error: unknown } | undefined
    try {
      await this.#readAll()
    } catch (error) {
      failure = { error }
    }
    await this.#flush()
    await Promise.all(this.#inFlight.map(({ sent }) => sent))
    this.#hold(-this.#next.bytes)
    if (failure === undefined && !this.#hasStopped()) return this.#written
    const left = this.#incomplete.reduce(
      (sum, { unprocessed }) => sum + unprocessed.length,
      this.#next.writes.length,
    )
    if (left > 0) {
      this.#context.observer.batchEntries({ operation: 'BatchWriteItem', outcome: 'given_up', count: left })
    }
    throw errorOf(this.#table, this.#written, this.#incomplete, this.#next.writes, failure?.error)
  }

  /** Reads until the source ends or a batch was not written as a whole. */
  async #readAll(): Promise<void> {
    const startedAt = performance.now()
    this.#keyOf = await this.#describe(-Infinity)
    for await (const items of this.#source.entries) {
      for (const item of items) {
        if (this.#hasStopped()) return
        let key = this.#keyOf(item.json)
        if (key === undefined && !this.#describedAgain) key = await this.#keyInNewTable(item.json, startedAt)
        // Most items need not wait. An await for each of them would cost more than everything else.
        if (!this.#hasRoom(key, item.json.length)) await this.#makeRoom(key, item.json.length)
        const { number, isDelete, json } = item
        this.#add({ number, isDelete, json, key })
        if (this.#next.isFull) await this.#flush()
      }
      if (this.#hasStopped()) return
    }
  }

  #add(write: Write): void {
    this.#hold(write.json.length)
    this.#next.add(write)
  }

  /** An item that does not match the key: the table may have been deleted and created again with another one. */
  async #keyInNewTable(json: Json, startedAt: number): Promise<string | undefined> {
    this.#describedAgain = true
    this.#keyOf = await this.#describe(startedAt)
    return this.#keyOf(json)
  }

  #describe(since: number): Promise<KeyOf> {
    return this.#keySchemas.ofItems(this.#table, this.#callLimits(), since)
  }

  #callLimits() {
    const { timeoutMs, signal, observer } = this.#limits
    return { deadline: performance.now() + timeoutMs, signal, observer }
  }

  #hasStopped(): boolean {
    return this.#incomplete.length > 0
  }

  #hold(bytes: number): void {
    this.#source.hold(bytes)
    this.#heldBytes += bytes
  }

  /** Whether an item can be added now: its key is in no other batch, and there is memory for it. */
  #hasRoom(key: string | undefined, bytes: number): boolean {
    if (this.#heldBytes + bytes > this.#limits.maxBytes) return false
    return key === undefined || !(this.#next.keys.has(key) || this.#inFlightWith(key) !== undefined)
  }

  /** Waits until an item can be added. */
  async #makeRoom(key: string | undefined, bytes: number): Promise<void> {
    if (key !== undefined) {
      if (this.#next.keys.has(key)) await this.#flush()
      await this.#inFlightWith(key)?.sent
    }
    while (this.#heldBytes > 0 && this.#heldBytes + bytes > this.#limits.maxBytes && !this.#hasStopped()) {
      await this.#flush()
      await this.#anySent()
    }
  }

  #inFlightWith(key: string): WriteBatch | undefined {
    return this.#inFlight.find(({ keys }) => keys.has(key))
  }

  /** Waits until one of the batches in flight has been sent. Promise.race of none would wait forever. */
  async #anySent(): Promise<void> {
    if (this.#inFlight.length > 0) await Promise.race(this.#inFlight.map(({ sent }) => sent))
  }

  /** Sends the next batch as soon as fewer than {@link CONCURRENCY} are in flight. */
  async #flush(): Promise<void> {
    const batch = this.#next
    if (batch.writes.length === 0) return
    while (this.#inFlight.length >= CONCURRENCY) await this.#anySent()
    // A write must not overtake an earlier one whose outcome is unknown.
    if (this.#hasStopped()) return
    this.#next = new WriteBatch()
    this.#inFlight.push(batch)
    batch.sent = this.#send(batch).finally(() => {
      this.#inFlight.splice(this.#inFlight.indexOf(batch), 1)
      this.#hold(-batch.bytes)
    })
  }

  async #send({ writes }: WriteBatch): Promise<void> {
    let outcome = await this.#sendWrites(writes)
    // Only one item may be wrong: one by one, all items before it can be written.
    if (isRefused(outcome.error) && outcome.unprocessed.length > 1) {
      outcome = await this.#sendOneByOne(outcome.unprocessed)
    }
    const written = writes.length - outcome.unprocessed.length
    this.#written += written
    this.#source.onWritten(written)
    if (outcome.unprocessed.length === 0) return
    this.#incomplete.push(outcome)
    this.#source.interrupt()
  }

  /** Sends writes in their order until one of them fails. */
  async #sendOneByOne(writes: readonly Write[]): Promise<BatchOutcome<Write>> {
    for (const [index, write] of writes.entries()) {
      const outcome = await this.#sendWrites([write])
      if (outcome.unprocessed.length > 0) return { ...outcome, unprocessed: writes.slice(index) }
    }
    return { unprocessed: [], maybeApplied: [], error: undefined }
  }

  #sendWrites(writes: readonly Write[]): Promise<BatchOutcome<Write>> {
    return sendRequest(writes, this.#request, { ...this.#context, limits: this.#callLimits() })
  }
}

/** DynamoDB refuses the request, and would refuse it again. */
function isRefused(error: StorageError | undefined): boolean {
  return error?.kind === 'refused'
}

/** Where the import stopped, and why: at the first item that was refused; if none was, at the first unconfirmed one. */
function errorOf(
  table: string,
  written: number,
  incomplete: readonly BatchOutcome<Write>[],
  unsent: readonly Write[],
  sourceError: unknown,
): ImportError {
  const outcomes = incomplete.toSorted((a, b) => firstNumber(a) - firstNumber(b))
  const refused = outcomes.find(({ error }) => isRefused(error))
  const first = refused ?? outcomes[0]
  const left = [...outcomes.flatMap((outcome) => outcome.unprocessed), ...unsent]
    // The caller sends the items behind a refused one again itself.
    .filter(({ number }) => refused === undefined || number < firstNumber(refused))
    .sort((a, b) => a.number - b.number)
  // BatchWriteItem takes one write for each key: of two, the later one replaces the other.
  const unprocessed = [...new Map(left.map((write) => [write.key ?? write, write])).values()]
  return new ImportError({
    number: first && firstNumber(first),
    written,
    unprocessed: unprocessed.length,
    maybeApplied: outcomes.some(({ maybeApplied }) => maybeApplied.length > 0),
    output:
      unprocessed.length === 0
        ? EMPTY_OBJECT
        : serialize({ UnprocessedItems: requestItemsOf(table, unprocessed) }),
    cause: first === undefined ? sourceError : first.error,
  })
}

function firstNumber({ unprocessed: [first] }: BatchOutcome<Write>): number {
  return first?.number ?? Infinity
}
