/** A change of an item, as a stream record tells it (API Reference, DynamoDB Streams, "Record" and "StreamRecord"). */
import { SLICE_BYTES, type Sliced } from '../../json/in-slices.js'
import { type Json, parse } from '../../json/json.js'
import { eachElement, eachMember, members } from '../../json/parts.js'
import { JsonReader } from '../../json/reader.js'
import { AnswerError } from '../errors.js'

export type ChangeEvent = 'INSERT' | 'MODIFY' | 'REMOVE'

export interface Change {
  readonly event: ChangeEvent
  /** DynamoDB's JSON, as that of the items: `{"id":{"S":"1"}}`. */
  readonly keys: Json
  /** Each undefined if there is none, or if the stream's view type leaves it out. */
  readonly newItem: Json | undefined
  readonly oldItem: Json | undefined
  /** `ApproximateCreationDateTime`, in s since 1970. DynamoDB rounds it down to the second, DynamoDB Local to the minute. */
  readonly createdAt: number
  /** Increases within a shard. */
  readonly sequenceNumber: string
  /** The memory that it takes, about. */
  readonly bytes: number
}

/** An answer to GetRecords. */
export interface RecordsPage {
  readonly changes: readonly Change[]
  /** Where to read on; undefined at the end of a shard that is closed. */
  readonly nextIterator: string | undefined
}

/** The memory that a change takes besides its JSON: objects, and a place in queues. */
const OBJECT_BYTES = 400

/**
 * Reads an answer to GetRecords.
 * @throws JsonError or AnswerError if it is malformed
 */
export function* readRecords(answer: Json): Sliced<RecordsPage> {
  const reader = new JsonReader(answer)
  const records: Json[] = []
  let next: Json | undefined
  eachMember(reader, (name) => {
    if (name === 'Records') eachElement(reader, () => records.push(reader.take()))
    else if (name === 'NextShardIterator') next = reader.take()
    else reader.value()
  })
  reader.end()
  const read: Change[] = []
  let pauseAfter = SLICE_BYTES
  for (const record of records) {
    read.push(changeIn(record))
    pauseAfter -= record.length
    if (pauseAfter > 0) continue
    pauseAfter = SLICE_BYTES
    yield
  }
  const nextIterator: unknown = next && parse(next)
  return { changes: read, nextIterator: typeof nextIterator === 'string' ? nextIterator : undefined }
}

function changeIn(json: Json): Change {
  const record = members(json)
  const details = record.get('dynamodb')
  const inside = details === undefined ? new Map<string, Json>() : members(details)
  const event = eventOf(parse(record.get('eventName') ?? NULL))
  const createdAt = Number(inside.get('ApproximateCreationDateTime') ?? NaN)
  const sequenceNumber: unknown = parse(inside.get('SequenceNumber') ?? NULL)
  const keys = inside.get('Keys')
  if (event === undefined || keys === undefined || !isSequenceNumber(sequenceNumber)) throw notARecord()
  if (!Number.isFinite(createdAt)) throw notARecord()
  const [ownKeys, newItem, oldItem] = copies([keys, inside.get('NewImage'), inside.get('OldImage')])
  const bytes = OBJECT_BYTES + keys.length + (newItem?.length ?? 0) + (oldItem?.length ?? 0)
  return { event, keys: ownKeys ?? keys, newItem, oldItem, createdAt, sequenceNumber, bytes }
}

const NULL: Json = Buffer.from('null')

function eventOf(value: unknown): ChangeEvent | undefined {
  return value === 'INSERT' || value === 'MODIFY' || value === 'REMOVE' ? value : undefined
}

/** DynamoDB's have 21 to 40 digits (API Reference, "StreamRecord"). */
export function isSequenceNumber(value: unknown): value is string {
  return typeof value === 'string' && /^\d{1,40}$/.test(value)
}

function notARecord(): AnswerError {
  return new AnswerError('DynamoDB returned a malformed stream record')
}

/** Copies parts of an answer into memory of their own: each of them would keep the whole answer in memory. */
function copies(parts: readonly (Json | undefined)[]): (Json | undefined)[] {
  const all = Buffer.concat(parts.filter((part) => part !== undefined))
  let end = 0
  return parts.map((part) => part && all.subarray(end, (end += part.length)))
}
