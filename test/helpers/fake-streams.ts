/**
 * DynamoDB Streams on loopback, with what DynamoDB Local cannot do: shards that split and end, changes that are trimmed,
 * iterators that expire, and faults.
 */
import type { ServerResponse } from 'node:http'
import type { Test } from 'tap'
import {
  answer,
  type FakeDynamoDB,
  type ReceivedRequest,
  refuse,
  startFakeDynamoDB,
} from './fake-dynamodb.js'

export interface FakeRecord {
  readonly sequenceNumber: string
  readonly json: object
}

/** A shard that a test writes to. */
export interface FakeShard {
  readonly id: string
  readonly parentId: string | undefined
  readonly records: FakeRecord[]
  closed: boolean
  /** DescribeStream does not list it yet, or not any more. */
  hidden: boolean
  /** How many of its first records are trimmed. */
  trimmed: number
}

export interface FakeStream {
  readonly arn: string
  readonly shards: FakeShard[]
  enabled: boolean
}

/** Answers a request in place of the fake. Returns false if it does not. */
export type Fault = (received: ReceivedRequest, response: ServerResponse) => boolean

/** DescribeStream lists so many shards at a time. */
const PAGE = 3

export class FakeStreams {
  readonly dynamodb: FakeDynamoDB
  /** Of the one table `T`, the latest last. */
  readonly streams: FakeStream[] = []
  fault: Fault = () => false
  /** Iterators of earlier generations have expired. */
  generation = 0
  /** The most records in one answer. */
  page = 1000
  readonly tableArn: string
  #number = 0

  constructor(dynamodb: FakeDynamoDB, table: string) {
    this.dynamodb = dynamodb
    this.tableArn = `arn:aws:dynamodb:eu-central-1:123456789012:table/${table}`
    dynamodb.behave = (received, response) => {
      if (!this.fault(received, response)) this.#answer(received, response)
    }
  }

  get endpoint(): string {
    return this.dynamodb.endpoint
  }

  /** How often an operation was called, about a shard if one is given. */
  calls(operation: string, shard?: FakeShard): number {
    return this.dynamodb.requests.filter(
      (request) =>
        request.operation === operation && (shard === undefined || request.text.includes(shard.id)),
    ).length
  }

  /** Enables a stream for the table, with open shards. */
  enable(shards = 1): FakeStream {
    const label = new Date(Date.UTC(2026, 0, 1) + this.streams.length * 1000).toISOString().slice(0, -1)
    const stream = { arn: `${this.tableArn}/stream/${label}`, shards: [], enabled: true }
    this.streams.push(stream)
    for (let count = 0; count < shards; count++) this.open(stream)
    return stream
  }

  disable(stream: FakeStream): void {
    stream.enabled = false
    for (const shard of stream.shards) shard.closed = true
  }

  open(stream: FakeStream, parent?: FakeShard): FakeShard {
    const number = ++this.#number
    const id = `shardId-${String(1_790_000_000_000 + number).padStart(20, '0')}-${number.toString(16).padStart(8, '0')}`
    const shard = { id, parentId: parent?.id, records: [], closed: false, hidden: false, trimmed: 0 }
    stream.shards.push(shard)
    return shard
  }

  /** Closes a shard and opens its children. */
  split(stream: FakeStream, shard: FakeShard, children: number): FakeShard[] {
    shard.closed = true
    return Array.from({ length: children }, () => this.open(stream, shard))
  }

  /**
   * Adds a change of an item.
   * @param value of its attribute `v`, a number
   * @param padding characters that make it larger
   * @param age how long ago it was made, in s
   */
  write(shard: FakeShard, id: string, value: number | string, padding = 0, age = 0): string {
    const sequenceNumber = `4${String(++this.#number).padStart(26, '0')}`
    const NewImage = {
      id: { S: id },
      v: { N: String(value) },
      ...(padding > 0 && { p: { S: 'x'.repeat(padding) } }),
    }
    const json = {
      eventID: String(this.#number),
      eventName: 'MODIFY',
      dynamodb: {
        ApproximateCreationDateTime: Math.floor(Date.now() / 1000) - age,
        Keys: { id: { S: id } },
        NewImage,
        SequenceNumber: sequenceNumber,
        SizeBytes: 1,
      },
    }
    shard.records.push({ sequenceNumber, json })
    return sequenceNumber
  }

  #answer({ operation, body }: ReceivedRequest, response: ServerResponse): void {
    const text = (name: string) => (typeof body[name] === 'string' ? body[name] : '')
    switch (operation) {
      case 'DescribeTable': {
        const latest = this.streams.at(-1)
        const StreamSpecification = latest?.enabled === true ? { StreamEnabled: true } : undefined
        answer(response, { Table: { StreamSpecification, LatestStreamArn: latest?.arn } })
        return
      }
      case 'ListStreams':
        answer(response, { Streams: this.streams.map(({ arn }) => ({ StreamArn: arn })) })
        return
    }
    const arn = text('StreamArn') || (text('ShardIterator').split('|')[0] ?? '')
    const stream = this.streams.find((some) => some.arn === arn)
    if (stream === undefined) refuse(response, 400, 'ResourceNotFoundException')
    else if (operation === 'DescribeStream') this.#describe(stream, text('ExclusiveStartShardId'), response)
    else if (operation === 'GetShardIterator') this.#iterator(stream, text, response)
    else this.#records(stream, text('ShardIterator'), Number(body['Limit']), response)
  }

  #describe({ enabled, shards }: FakeStream, after: string, response: ServerResponse): void {
    const listed = shards.filter(({ hidden }) => !hidden)
    const start = listed.findIndex(({ id }) => id === after) + 1
    const page = listed.slice(start, start + PAGE)
    const Shards = page.map(({ id, parentId, records, closed }) => ({
      ShardId: id,
      ParentShardId: parentId,
      SequenceNumberRange: {
        StartingSequenceNumber: records[0]?.sequenceNumber,
        EndingSequenceNumber: closed ? (records.at(-1)?.sequenceNumber ?? '0') : undefined,
      },
    }))
    const LastEvaluatedShardId = start + PAGE < listed.length ? page.at(-1)?.id : undefined
    const StreamStatus = enabled ? 'ENABLED' : 'DISABLED'
    answer(response, { StreamDescription: { StreamStatus, Shards, LastEvaluatedShardId } })
  }

  #iterator({ arn, shards }: FakeStream, text: (name: string) => string, response: ServerResponse): void {
    const shard = shards.find(({ id }) => id === text('ShardId'))
    if (shard === undefined) {
      refuse(response, 400, 'ResourceNotFoundException')
      return
    }
    const { records, trimmed, id } = shard
    let index = trimmed
    if (text('ShardIteratorType') === 'LATEST') index = records.length
    if (text('ShardIteratorType') === 'AFTER_SEQUENCE_NUMBER') {
      index = records.findIndex(({ sequenceNumber }) => sequenceNumber === text('SequenceNumber')) + 1
      if (index === 0) {
        refuse(response, 400, 'ValidationException')
        return
      }
      if (index <= trimmed) {
        refuse(response, 400, 'TrimmedDataAccessException')
        return
      }
    }
    answer(response, { ShardIterator: `${arn}|${id}|${index}|${this.generation}` })
  }

  #records({ arn, shards }: FakeStream, iterator: string, limit: number, response: ServerResponse): void {
    const [, id, from = '', generation] = iterator.split('|')
    const shard = shards.find((some) => some.id === id)
    const index = Number(from)
    if (shard === undefined) refuse(response, 400, 'ResourceNotFoundException')
    else if (generation !== String(this.generation)) refuse(response, 400, 'ExpiredIteratorException')
    else if (index < shard.trimmed) refuse(response, 400, 'TrimmedDataAccessException')
    else {
      const end = Math.min(index + Math.min(limit, this.page), shard.records.length)
      const isOver = shard.closed && end === shard.records.length
      answer(response, {
        Records: shard.records.slice(index, end).map(({ json }) => json),
        NextShardIterator: isOver ? undefined : `${arn}|${id}|${end}|${this.generation}`,
      })
    }
  }
}

export async function startFakeStreams(t: Test, table = 'T'): Promise<FakeStreams> {
  return new FakeStreams(await startFakeDynamoDB(t, () => undefined), table)
}
