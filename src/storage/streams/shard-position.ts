/** The place in one shard, and its text, of which the text of a position consists. */
import { isSequenceNumber } from './change.js'
import type { Place } from './place.js'

/** API Reference, "Shard": 28 to 65 characters. */
export function isShardId(text: string): boolean {
  return /^[\w.-]{1,65}$/.test(text)
}

/** Immutable, but for the time of a place, so that all who are there can share it. */
export class ShardPosition {
  readonly shardId: string
  readonly place: Place
  #text: string | undefined
  #textAt: number | undefined

  constructor(shardId: string, place: Place) {
    this.shardId = shardId
    this.place = place
  }

  /** In base64url, a multiple of 4 characters: mostly 32. */
  get text(): string {
    const at = 'at' in this.place ? this.place.at : undefined
    if (this.#text === undefined || at !== this.#textAt) {
      this.#textAt = at
      this.#text = encode(this.shardId, this.place)
    }
    return this.#text
  }
}

/** Their numbers are in the text. */
const KINDS = ['start', 'since', 'after', 'end'] as const satisfies readonly Place['kind'][]
const KIND_BITS = 0b11
/** The id of the shard is a time and 4 bytes: `shardId-00000001796034299375-f3de5dfb`. */
const SHORT_ID = 0b100
const shortId = /^shardId-(\d{20})-([\da-f]{8})$/
const TIME_BYTES = 6
const MAX_TIME = 2 ** (8 * TIME_BYTES) - 1

function encode(shardId: string, place: Place): string {
  const [, time = '', suffix = ''] = shortId.exec(shardId) ?? []
  const isShort = suffix !== '' && Number(time) <= MAX_TIME
  const parts: Buffer[] = [Buffer.from([KINDS.indexOf(place.kind) | (isShort ? SHORT_ID : 0)])]
  if (isShort) parts.push(unsigned(BigInt(time), TIME_BYTES), Buffer.from(suffix, 'hex'))
  else parts.push(Buffer.from([shardId.length]), Buffer.from(shardId, 'latin1'))
  if (place.kind === 'start' || place.kind === 'since') parts.push(unsigned(BigInt(place.at), 4))
  if (place.kind === 'after') {
    const { length } = place.sequenceNumber
    parts.push(Buffer.from([length]), unsigned(BigInt(place.sequenceNumber), bytesFor(length)))
  }
  return padded(Buffer.concat(parts)).toString('base64url')
}

/**
 * Reads what {@link ShardPosition.text} has written, from its bytes. Whether they are exactly what it writes, only writing
 * them again tells.
 * @returns undefined if that is something else
 */
export function decodeShardPosition(
  bytes: Buffer,
  start: number,
): { readonly shard: ShardPosition; readonly end: number } | undefined {
  const reader = new ByteReader(bytes, start)
  const head = Number(reader.unsigned(1))
  const kind = KINDS[head & KIND_BITS]
  const shardId =
    (head & SHORT_ID) === 0
      ? reader.take(Number(reader.unsigned(1))).toString('latin1')
      : `shardId-${digits(reader.unsigned(TIME_BYTES), 20)}-${reader.take(4).toString('hex')}`
  const place = kind && readPlace(kind, reader)
  if (place === undefined || !isShardId(shardId) || reader.position > bytes.length) return undefined
  const end = start + paddedLength(reader.position - start)
  return { shard: new ShardPosition(shardId, place), end }
}

function readPlace(kind: Place['kind'], reader: ByteReader): Place | undefined {
  if (kind === 'end') return { kind }
  if (kind !== 'after') return { kind, at: Number(reader.unsigned(4)) }
  const length = Number(reader.unsigned(1))
  const sequenceNumber = digits(reader.unsigned(bytesFor(length)), length)
  return isSequenceNumber(sequenceNumber) ? { kind, sequenceNumber } : undefined
}

/** Reads on beyond the end, so that its user checks that once. */
class ByteReader {
  readonly #bytes: Buffer
  position: number

  constructor(bytes: Buffer, position: number) {
    this.#bytes = bytes
    this.position = position
  }

  take(length: number): Buffer {
    return this.#bytes.subarray(this.position, (this.position += length))
  }

  unsigned(length: number): bigint {
    return BigInt(`0x0${this.take(length).toString('hex')}`)
  }
}

function unsigned(value: bigint, bytes: number): Buffer {
  return Buffer.from(value.toString(16).padStart(2 * bytes, '0'), 'hex')
}

function digits(value: bigint, length: number): string {
  return value.toString().padStart(length, '0')
}

/** The bytes of a number of so many decimal digits. */
function bytesFor(digits: number): number {
  return Math.ceil((digits * Math.log2(10)) / 8)
}

/** 3 bytes are 4 characters, so that texts can be joined. */
export function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes], paddedLength(bytes.length))
}

export function paddedLength(bytes: number): number {
  return Math.ceil(bytes / 3) * 3
}
