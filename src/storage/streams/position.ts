/**
 * A position in the changes of a table. It has an entry for each shard that is open, or whose children are not known yet;
 * all others were read to their end before. Its text is URL-safe and bound to the stream. It takes 32 characters for each
 * shard, so that a position in 250 shards fits into a header of 8 KiB.
 */
import { hash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { InvalidPositionError } from './errors.js'
import { decodeShardPosition, padded, paddedLength, type ShardPosition } from './shard-position.js'

/** The stream of a table. The table gets another one whenever a stream is enabled. */
export interface StreamName {
  readonly tableArn: string
  /** When the stream was enabled: `2026-11-30T10:24:59.297`. */
  readonly label: string
}

export interface Position {
  readonly stream: StreamName
  /** By the id of the shard. */
  readonly shards: ReadonlyMap<string, ShardPosition>
}

/** The first byte of a position. */
const VERSION = 1
/** Of the hash of the table's ARN. */
const HASH_BYTES = 8
const LABEL_START = 2 + HASH_BYTES
const CHECKSUM_LENGTH = 6
/** The most characters that are read: 2,000 shards. */
const MAX_LENGTH = 65_536
/** Of a stream's label. */
export const isLabel = /^[\w:.-]{1,64}$/

export function positionText({ stream, shards }: Position): string {
  let text = headerOf(stream)
  for (const shard of shards.values()) text += shard.text
  return text + checksumOf(text)
}

/**
 * @param tableArn of the table whose position it must be
 * @throws InvalidPositionError
 */
export function parsePosition(text: string, tableArn: string): Position {
  const position = text.length > MAX_LENGTH ? undefined : decode(text, tableArn)
  // Only the one text that is written for a position is accepted.
  if (position === undefined || positionText(position) !== text) throw new InvalidPositionError()
  return position
}

function decode(text: string, tableArn: string): Position | undefined {
  const bytes = Buffer.from(text.slice(0, -CHECKSUM_LENGTH), 'base64url')
  const labelEnd = LABEL_START + (bytes[1] ?? 0)
  const label = bytes.toString('latin1', LABEL_START, labelEnd)
  if (!isLabel.test(label)) return undefined
  const shards = new Map<string, ShardPosition>()
  for (let start = paddedLength(labelEnd); start < bytes.length;) {
    const decoded = decodeShardPosition(bytes, start)
    if (decoded === undefined || shards.has(decoded.shard.shardId)) return undefined
    shards.set(decoded.shard.shardId, decoded.shard)
    start = decoded.end
  }
  return { stream: { tableArn, label }, shards }
}

const headers = new WeakMap<StreamName, string>()

function headerOf(stream: StreamName): string {
  let header = headers.get(stream)
  if (header === undefined) {
    const tableHash = hash('sha256', stream.tableArn, 'buffer').subarray(0, HASH_BYTES)
    const label = Buffer.from(stream.label, 'latin1')
    header = padded(Buffer.concat([Buffer.from([VERSION, label.length]), tableHash, label])).toString(
      'base64url',
    )
    headers.set(stream, header)
  }
  return header
}

/** Finds a position that was cut or mistyped. It does not protect: a forged one moves within the stream of one table only. */
function checksumOf(text: string): string {
  const checksum = Buffer.alloc(4)
  checksum.writeUInt32BE(crc32(text))
  return checksum.toString('base64url')
}
