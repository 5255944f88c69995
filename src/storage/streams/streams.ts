/** A placeholder for the reader of streams: one poll loop for each subscriber, for DynamoDB Local. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Json, parse } from '../../json/json.js'
import { elements, members } from '../../json/parts.js'
import type { Storage } from '../client.js'
import type { CallLimits } from '../call/limits.js'
import type { StorageObserver } from '../events.js'
import type { CancelSignal } from '../call/cancellation.js'
import type { Change, ChangeEvent } from './change.js'
import { InvalidPositionError, SlowSubscriberError, StreamNotEnabledError } from './errors.js'
import type { PositionedChange, Subscription } from './subscription.js'

export type From = 'now' | 'start' | { readonly after: string }

export interface ChangesOptions {
  readonly wants?: (change: Change) => boolean
  readonly signal: CancelSignal
  readonly observer?: StorageObserver | undefined
  readonly maxBufferedBytes: number
  readonly timeoutMs: number
}

const textIn = (json: Json | undefined) => (json === undefined ? undefined : String(parse(json)))

export async function poll(
  storage: Storage,
  table: string,
  from: From,
  { wants = () => true, signal, maxBufferedBytes, observer }: ChangesOptions,
  limits: CallLimits,
): Promise<Subscription> {
  const call = async (operation: string, body: object): Promise<Json> => {
    const response = await fetch(storage.endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `DynamoDBStreams_20120810.${operation}`,
        authorization:
          'AWS4-HMAC-SHA256 Credential=local/20260101/eu-central-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
      },
      body: JSON.stringify(body),
    })
    return Buffer.from(await response.arrayBuffer())
  }
  const described = members(await storage.send('DescribeTable', { TableName: table }, limits))
  const StreamArn = textIn(members(described.get('Table') ?? Buffer.from('{}')).get('LatestStreamArn'))
  if (StreamArn === undefined) throw new StreamNotEnabledError(`${table} has no stream`)
  let position: Record<string, string> = {}
  if (typeof from === 'object') {
    try {
      position = JSON.parse(Buffer.from(from.after, 'base64url').toString()) as Record<string, string>
    } catch {
      throw new InvalidPositionError('no position')
    }
  }
  const idOf = (at: object) => Buffer.from(JSON.stringify(at)).toString('base64url')
  const read = async (): Promise<{ shard: string; change: Change }[]> => {
    const stream = members(
      members(await call('DescribeStream', { StreamArn })).get('StreamDescription') ?? Buffer.from('{}'),
    )
    const all: { shard: string; change: Change }[] = []
    for (const one of elements(stream.get('Shards') ?? Buffer.from('[]'))) {
      const shard = textIn(members(one).get('ShardId')) ?? ''
      const after = position[shard]
      let iterator = textIn(
        members(
          await call('GetShardIterator', {
            StreamArn,
            ShardId: shard,
            ...(after === undefined
              ? { ShardIteratorType: 'TRIM_HORIZON' }
              : { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: after }),
          }),
        ).get('ShardIterator'),
      )
      for (let more = true; more && iterator !== undefined;) {
        const answer = members(await call('GetRecords', { ShardIterator: iterator }))
        const records = elements(answer.get('Records') ?? Buffer.from('[]'))
        more = records.length > 0
        iterator = textIn(answer.get('NextShardIterator'))
        for (const record of records) all.push({ shard, change: changeOf(record) })
      }
    }
    return all
  }
  if (from === 'now') for (const { shard, change } of await read()) position[shard] = change.sequenceNumber
  const buffered: PositionedChange[] = []
  let bytes = 0
  let taken = { ...position }
  let failure: unknown
  let wake: () => void = () => undefined
  let closed = false
  const close = () => {
    closed = true
    observer?.changeSubscribers({ table, count: 0 })
    wake()
  }
  signal.addEventListener('abort', close)
  if (signal.aborted) close()
  observer?.changeSubscribers({ table, count: 1 })
  const run = async () => {
    while (!closed) {
      const found = await read()
      const last = found.at(-1)
      if (last !== undefined) {
        const lagSeconds = Math.max(0, Date.now() / 1000 - last.change.createdAt)
        observer?.changesRead({ table, count: found.length, lagSeconds })
      }
      for (const { shard, change } of found) {
        position = { ...position, [shard]: change.sequenceNumber }
        if (!wants(change)) continue
        const at = position
        buffered.push({ change, id: () => idOf(at) })
        bytes += change.bytes
      }
      if (bytes > maxBufferedBytes) throw new SlowSubscriberError('the buffer is full')
      wake()
      await sleep(100)
    }
  }
  run().catch((error: unknown) => {
    failure = error
    wake()
  })
  return {
    position: () => idOf(taken),
    close,
    async *[Symbol.asyncIterator]() {
      for (;;) {
        if (failure !== undefined) throw failure as Error
        if (closed) return
        if (buffered.length === 0) taken = position
        else {
          const batch = buffered.splice(0)
          bytes = 0
          taken = position
          yield batch
          continue
        }
        await new Promise<void>((resolve) => (wake = resolve))
      }
    },
  }
}

function changeOf(record: Json): Change {
  const outer = members(record)
  const inner = members(outer.get('dynamodb') ?? Buffer.from('{}'))
  return {
    event: textIn(outer.get('eventName')) as ChangeEvent,
    keys: inner.get('Keys') ?? Buffer.from('{}'),
    newItem: inner.get('NewImage'),
    oldItem: inner.get('OldImage'),
    createdAt: Number(textIn(inner.get('ApproximateCreationDateTime'))),
    sequenceNumber: textIn(inner.get('SequenceNumber')) ?? '',
    bytes: record.length,
  }
}
