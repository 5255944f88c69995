/**
 * Reads that share a call (`MERGE_READS`): gets of one table with the same consistency that arrive in the same turn of the event
 * loop go out as one BatchGetItem. No get waits for a call in flight, and none joins a call that began before it arrived.
 *
 * A shared call is one attempt and is never repeated. If it fails, or leaves a get unanswered, the get is sent by itself, with
 * retries and a deadline of its own, as if merging were off.
 */
import { LETTER_F, LETTER_N, LETTER_T } from '../../json/character-codes.js'
import { inSlices } from '../../json/in-slices.js'
import { EMPTY_OBJECT, type Json } from '../../json/json.js'
import { Pieces } from '../../json/pieces.js'
import { JsonError } from '../../json/reader.js'
import type { CallLimits } from '../call/limits.js'
import type { RawResponse } from '../call/response.js'
import type { Call } from '../call/transport.js'
import { capacityIn } from '../capacity.js'
import { AnswerError, type Failure } from '../errors.js'
import type { StorageObserver } from '../events.js'
import { type DynamoDBRequest, jsonOf, type Parameter, serialize, textOf } from '../request.js'
import { tableKeyOf } from '../tables/keys.js'
import { readSharedAnswer, type SharedAnswer } from './answer.js'
import { Place } from './place.js'
import { SharedRead } from './shared-read.js'
import { MergedTables } from './table-merging.js'

/** The pause after `AccessDeniedException`, in ms: until somebody may have changed a policy. */
const DENIED_PAUSE_MS = 300_000

/** A get that can share a call. */
interface Read {
  readonly table: string
  readonly key: Parameter
  readonly consistentRead: boolean
}

/** The rest of the storage layer, as far as shared calls need it. */
export interface MergeContext {
  /** Makes one attempt. */
  readonly attempt: (call: Call, limits: CallLimits) => Promise<RawResponse | Failure>
  /** Is told of shared calls, and of the capacity that they consume. */
  readonly observer: () => StorageObserver
  readonly asksForCapacity: () => boolean
  /** How long the gets of a table go out by themselves after a shared call has failed, in ms. One bad key fails a whole call. */
  readonly pauseMs: number
}

export class MergedReads {
  readonly #context: MergeContext
  readonly #tables = new MergedTables()
  /** The gets of this turn, by table and consistency. */
  #arrived = new Map<string, { readonly read: Read; readonly places: Place[] }>()

  constructor(context: MergeContext) {
    this.#context = context
  }

  /**
   * GetItem, in a call that it shares with others, if there are any.
   * @param alone sends the get by itself
   * @returns GetItem's answer
   * @throws StorageError
   */
  async get(request: DynamoDBRequest, limits: CallLimits, alone: () => Promise<Pieces>): Promise<Pieces> {
    const read = readOf(request)
    if (read === undefined) return alone()
    const table = this.#tables.of(read.table)
    if (table.paused) return alone()
    const shared = await new Promise<Pieces | undefined>((resolve, reject) => {
      this.#arrive(
        read,
        new Place(jsonOf(read.key), limits, limits.observer ?? this.#context.observer(), resolve, reject),
      )
    })
    if (shared !== undefined) return shared
    const answer = await alone()
    table.learn(answer.length, 1)
    return answer
  }

  #arrive(read: Read, place: Place): void {
    if (this.#arrived.size === 0) setImmediate(this.#depart)
    const group = `${read.consistentRead} ${read.table}`
    const others = this.#arrived.get(group)
    if (others === undefined) this.#arrived.set(group, { read, places: [place] })
    else others.places.push(place)
  }

  readonly #depart = (): void => {
    const arrived = this.#arrived
    this.#arrived = new Map()
    for (const { read, places } of arrived.values()) {
      for (const call of this.#seat(read, places)) {
        if (call.waiting > 1) void this.#share(call)
        else for (const place of call.places()) place.sendAlone()
      }
    }
  }

  /** Gives the gets places in as many calls as they need. Those that cannot share one are sent by themselves. */
  #seat({ table, consistentRead }: Read, places: readonly Place[]): SharedRead[] {
    const { keysPerCall } = this.#tables.of(table)
    /** The last call for each shape of keys: a key with wrong names or types fails only calls of its own. */
    const open = new Map<string, SharedRead>()
    const calls: SharedRead[] = []
    for (const place of places) {
      if (place.settled) continue
      const key = places.length > 1 && keysPerCall > 1 ? tableKeyOf(place.key) : undefined
      if (key === undefined) {
        place.sendAlone()
        continue
      }
      let call = open.get(key.shape)
      if (call === undefined || call.entries.size >= keysPerCall) {
        call = new SharedRead(table, consistentRead, key.names)
        open.set(key.shape, call)
        calls.push(call)
      }
      if (!call.add(place, key)) place.sendAlone()
    }
    return calls
  }

  async #share(call: SharedRead): Promise<void> {
    try {
      call.begin()
      const result = await this.#read(call)
      call.end()
      if ('kind' in result) this.#failed(call, result)
      else this.#answered(call, result)
    } catch (error) {
      call.end()
      for (const place of call.places()) place.fail(error)
    }
  }

  async #read(call: SharedRead): Promise<SharedAnswer | Failure> {
    const body = serialize(call.request(this.#context.asksForCapacity()))
    const response = await this.#context.attempt(
      { operation: 'BatchGetItem', body, isWrite: false },
      // Each get has a deadline of its own.
      { deadline: Infinity, signal: call.cancellation },
    )
    if ('kind' in response) return response
    try {
      return await inSlices(readSharedAnswer(response.body.whole, call))
    } catch (error) {
      if (!(error instanceof JsonError || error instanceof AnswerError)) throw error
      return {
        kind: 'malformed',
        name: 'MalformedAnswer',
        message: error.message,
        maybeApplied: false,
        cause: error,
      }
    }
  }

  #answered(call: SharedRead, { items, unprocessed, consumedCapacity }: SharedAnswer): void {
    let bytes = 0
    let left = 0
    for (const item of items.values()) bytes += item.length
    this.#tables.of(call.table).learn(bytes, call.entries.size)
    const { waiting } = call
    for (const [key, { places }] of call.entries) {
      if (unprocessed.has(key)) {
        for (const place of places) {
          if (!place.settled) left++
          place.sendAgain(UNPROCESSED)
        }
      } else {
        const item = items.get(key)
        const answer = item === undefined ? NO_ITEM : answerWith(item)
        for (const place of places) place.answer(answer)
      }
    }
    const observer = this.#context.observer()
    observer.readsShared({ table: call.table, answered: waiting - left, unprocessed: left })
    if (consumedCapacity === undefined) return
    for (const consumed of capacityIn(consumedCapacity, 'GetItem', {})) observer.capacityConsumed(consumed)
  }

  #failed(call: SharedRead, failure: Failure): void {
    // Nobody waits any more.
    if (failure.kind === 'canceled') return
    const { pauseMs: usual } = this.#context
    const pauseMs = failure.kind === 'access_denied' ? Math.max(usual, DENIED_PAUSE_MS) : usual
    this.#tables.of(call.table).pause(pauseMs)
    const { waiting } = call
    for (const place of call.places()) {
      // Without credentials, DynamoDB was not called.
      if (failure.kind === 'no_credentials') place.sendAlone()
      else place.sendAgain(failure)
    }
    this.#context.observer().sharingFailed({ table: call.table, reads: waiting, failure, pauseMs })
  }
}

/** DynamoDB was too busy for the key, or the answer would have become larger than 16 MB. */
const UNPROCESSED: Failure = {
  kind: 'throttling',
  name: 'UnprocessedKeys',
  message: 'DynamoDB left the key unprocessed',
  maybeApplied: false,
  statusCode: 200,
}

/** A request with any other parameter, such as a projection, is sent by itself. */
function readOf(request: DynamoDBRequest): Read | undefined {
  const { TableName, Key, ConsistentRead } = request
  for (const name in request) {
    if (request[name] !== undefined && name !== 'TableName' && name !== 'Key' && name !== 'ConsistentRead')
      return undefined
  }
  const table = textOf(TableName)
  const consistentRead = isConsistent(ConsistentRead)
  if (table === undefined || Key === undefined || consistentRead === undefined) return undefined
  return { table, key: Key, consistentRead }
}

/** Undefined if it is not a Boolean. */
function isConsistent(value: Parameter): boolean | undefined {
  if (!Buffer.isBuffer(value)) {
    return value === undefined || value === null ? false : typeof value === 'boolean' ? value : undefined
  }
  const [first] = value
  if (first === LETTER_T) return true
  return first === LETTER_F || first === LETTER_N ? false : undefined
}

const BEFORE_ITEM = Buffer.from('{"Item":')
const AFTER_ITEM = Buffer.from('}')
const NO_ITEM = new Pieces([EMPTY_OBJECT])

/** `{"Item": …}` */
function answerWith(item: Json): Pieces {
  return new Pieces([BEFORE_ITEM, item, AFTER_ITEM])
}
