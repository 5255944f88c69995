/** The calls of DynamoDB Streams (API Reference, "Amazon DynamoDB Streams"), and what is read of their answers. */
import { inSlices } from '../../json/in-slices.js'
import { EMPTY_ARRAY, EMPTY_OBJECT, type Json, parse } from '../../json/json.js'
import { elements, members } from '../../json/parts.js'
import type { CallLimits, Send } from '../call/limits.js'
import { AnswerError, asAnswerError } from '../errors.js'
import { readRecords, type RecordsPage } from './change.js'
import type { Place } from './place.js'
import { isLabel, type StreamName } from './position.js'
import { isShardId } from './shard-position.js'

/** A shard, as DescribeStream lists it. */
export interface Shard {
  readonly id: string
  /** The shard whose end it begins behind, if there is or was one. */
  readonly parentId: string | undefined
  /** The number of its last change; undefined while it is open. */
  readonly endsAt: string | undefined
}

/** The latest stream of a table. */
export interface LatestStream {
  readonly stream: StreamName
  readonly enabled: boolean
}

export interface StreamDescription {
  /** False once it was disabled. DynamoDB keeps it for 24 hours then. */
  readonly enabled: boolean
  /** By their ids: all that are open, and those that were closed within 24 hours. */
  readonly shards: ReadonlyMap<string, Shard>
}

/** The most answers to one DescribeStream, of up to 100 shards each. */
const MAX_PAGES = 1000

export class StreamCalls {
  readonly #send: Send

  constructor(send: Send) {
    this.#send = send
  }

  /**
   * The latest stream of a table; undefined if it never had one.
   * @throws StorageError
   */
  async latest(table: string, limits: CallLimits): Promise<LatestStream | undefined> {
    const answer = await this.#send('DescribeTable', { TableName: table }, limits)
    return reading(() => {
      const description = members(members(answer).get('Table') ?? EMPTY_OBJECT)
      const specification = members(description.get('StreamSpecification') ?? EMPTY_OBJECT)
      const stream = streamOf(textIn(description, 'LatestStreamArn') ?? '')
      const enabled = specification.get('StreamEnabled')?.toString() === 'true'
      return stream && { stream, enabled }
    })
  }

  /**
   * The stream that the table got after this one, if DynamoDB still has it.
   * @throws StorageError
   */
  async next(table: string, { label }: StreamName, limits: CallLimits): Promise<StreamName | undefined> {
    const found: StreamName[] = []
    let ExclusiveStartStreamArn: string | undefined
    for (let page = 0; page < MAX_PAGES; page++) {
      const request = { TableName: table, ExclusiveStartStreamArn }
      const answer = await this.#send('ListStreams', request, limits)
      ExclusiveStartStreamArn = reading(() => {
        const parts = members(answer)
        for (const element of elements(parts.get('Streams') ?? EMPTY_ARRAY)) {
          const stream = streamOf(textIn(members(element), 'StreamArn') ?? '')
          if (stream !== undefined && stream.label > label) found.push(stream)
        }
        return textIn(parts, 'LastEvaluatedStreamArn')
      })
      if (ExclusiveStartStreamArn === undefined) break
    }
    return found.sort((a, b) => (a.label < b.label ? -1 : 1))[0]
  }

  /**
   * All shards of a stream.
   * @throws StorageError
   */
  async describe(stream: StreamName, limits: CallLimits): Promise<StreamDescription> {
    const shards = new Map<string, Shard>()
    let enabled = false
    let ExclusiveStartShardId: string | undefined
    for (let page = 0; page < MAX_PAGES; page++) {
      const request = { StreamArn: arnOf(stream), ExclusiveStartShardId }
      const answer = await this.#send('DescribeStream', request, limits)
      ExclusiveStartShardId = reading(() => {
        const description = members(members(answer).get('StreamDescription') ?? EMPTY_OBJECT)
        const status = textIn(description, 'StreamStatus')
        enabled = status === 'ENABLED' || status === 'ENABLING'
        for (const element of elements(description.get('Shards') ?? EMPTY_ARRAY)) {
          const shard = shardIn(element)
          shards.set(shard.id, shard)
        }
        return textIn(description, 'LastEvaluatedShardId')
      })
      if (ExclusiveStartShardId === undefined) break
    }
    return { enabled, shards }
  }

  /**
   * An iterator, which can be used for 15 minutes.
   * @param from `latest` for changes that are made from now on
   * @throws StorageError such as TrimmedDataAccessException
   */
  async iterator(
    stream: StreamName,
    shardId: string,
    from: Place | 'latest',
    limits: CallLimits,
  ): Promise<string> {
    const request = { StreamArn: arnOf(stream), ShardId: shardId, ...iteratorType(from) }
    const answer = await this.#send('GetShardIterator', request, limits)
    return reading(() => {
      const iterator = textIn(members(answer), 'ShardIterator')
      if (iterator === undefined) throw new AnswerError('DynamoDB returned no shard iterator')
      return iterator
    })
  }

  /**
   * @param limit the most changes, up to 1,000
   * @throws StorageError such as ExpiredIteratorException
   */
  async records(iterator: string, limit: number, limits: CallLimits): Promise<RecordsPage> {
    const answer = await this.#send('GetRecords', { ShardIterator: iterator, Limit: limit }, limits)
    try {
      return await inSlices(readRecords(answer))
    } catch (error) {
      throw asAnswerError(error)
    }
  }
}

/** A change of a certain time cannot be asked for. */
function iteratorType(from: Place | 'latest') {
  if (from === 'latest') return { ShardIteratorType: 'LATEST' }
  if (from.kind !== 'after') return { ShardIteratorType: 'TRIM_HORIZON' }
  return { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: from.sequenceNumber }
}

function arnOf({ tableArn, label }: StreamName): string {
  return `${tableArn}/stream/${label}`
}

/** Undefined if it is not the ARN of a stream. */
function streamOf(arn: string): StreamName | undefined {
  const [tableArn = '', label = ''] = arn.split('/stream/')
  return isLabel.test(label) ? { tableArn, label } : undefined
}

function shardIn(json: Json): Shard {
  const shard = members(json)
  const id = textIn(shard, 'ShardId') ?? ''
  if (!isShardId(id)) throw new AnswerError('DynamoDB returned a malformed shard')
  const range = members(shard.get('SequenceNumberRange') ?? EMPTY_OBJECT)
  return {
    id,
    parentId: textIn(shard, 'ParentShardId'),
    endsAt: textIn(range, 'EndingSequenceNumber'),
  }
}

function textIn(parts: ReadonlyMap<string, Json>, name: string): string | undefined {
  const value: unknown = parse(parts.get(name) ?? NULL)
  return typeof value === 'string' ? value : undefined
}

const NULL: Json = Buffer.from('null')

function reading<Result>(read: () => Result): Result {
  try {
    return read()
  } catch (error) {
    throw asAnswerError(error)
  }
}
