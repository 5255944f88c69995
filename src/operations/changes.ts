/** `GET /v1/tables/{table}/changes`: what a subscriber asks for, and which changes it gets. */
import { partitionsOf } from '../access/authorize.js'
import { isIn } from '../access/partition.js'
import { preferredMediaType } from '../http/content-negotiation.js'
import { type ChangeFormat, changeFormats } from '../items/change-format.js'
import { readKeyValue } from '../items/path-key.js'
import { document, type Representation, typed } from '../items/representation.js'
import type { Json } from '../json/json.js'
import { members } from '../json/parts.js'
import { clip, ProblemError } from '../problem/problem-error.js'
import type { Target } from '../storage/targets.js'
import type { DynamoDBRequest } from '../storage/request.js'
import type { Change, ChangeEvent } from '../storage/streams/change.js'
import { InvalidPositionError } from '../storage/streams/errors.js'
import type { From, Subscription } from '../storage/streams/subscription.js'
import type { KeySchema } from '../storage/tables/key-schemas.js'
import { isSameValue } from '../storage/tables/keys.js'
import { namedTarget, permit } from './access-control.js'
import type { ApiRequest, Call } from './call.js'
import { invalidPosition, positionAsked } from './change-position.js'
import type { Negotiated } from './negotiation.js'
import { checkQuery } from './read-resource.js'

/** What a subscriber gets. */
export interface Following {
  /** The name of the table, or the ARN of one in another account or Region. */
  readonly table: string
  readonly subscription: Subscription
}

const CHANGE_EVENTS: ReadonlySet<string> = new Set<ChangeEvent>(['INSERT', 'MODIFY', 'REMOVE'])

/** The most that changes which a subscriber has not read may take in memory, in bytes. */
const MAX_BUFFERED_BYTES = 1024 * 1024

/** @throws ProblemError if `Accept` allows no format of changes */
export function negotiateChanges({ headers, query }: ApiRequest): Negotiated {
  const format = preferredMediaType(headers.accept, changeFormats)
  if (format === undefined) {
    const offers = changeFormats.map(({ mediaType }) => mediaType).join(' or ')
    throw new ProblemError('NotAcceptable', `Accept must allow ${offers}.`)
  }
  const answer =
    representationNamed(query['representation']) ?? format.representationFor(headers['content-type'])
  return { body: answer, answer, stream: undefined }
}

/** The format that {@link negotiateChanges} has found. */
export function changeFormat({ request: { headers } }: Call): ChangeFormat {
  const format = preferredMediaType(headers.accept, changeFormats)
  if (format === undefined) throw new Error('the request was not negotiated')
  return format
}

function representationNamed(name: string | undefined): Representation | undefined {
  if (name === undefined) return undefined
  return name === 'typed' ? typed : document
}

/** As if it were a query of one partition, or a scan. */
export function changesRequest(call: Call, keySchema: KeySchema): DynamoDBRequest {
  // A proxy must not keep events back, and no cache may answer with those of yesterday.
  call.reply.headers({
    'cache-control': 'no-cache',
    'x-accel-buffering': 'no',
    vary: 'Accept, Accept-Encoding, Content-Type, Last-Event-ID, Origin',
  })
  checkQuery(call.request)
  const { params, query } = call.request
  const [partitionKey] = keySchema
  if (partitionKey === undefined) throw new Error('a key schema is empty')
  const { partition } = query
  return {
    TableName: params['table'],
    ...(partition !== undefined && {
      KeyConditionExpression: '#p = :p',
      ExpressionAttributeNames: { '#p': partitionKey.name },
      ExpressionAttributeValues: Buffer.from(
        `{":p":${readKeyValue(partition, partitionKey, 'querystring/partition')}}`,
      ),
    }),
  }
}

export function changesTargets(call: Call, request: DynamoDBRequest): readonly Target[] {
  const target = { action: 'GetRecords' as const, table: call.request.params['table'] ?? '' }
  const { KeyConditionExpression, ExpressionAttributeNames, ExpressionAttributeValues } = request
  if (KeyConditionExpression === undefined) return [target]
  const keyCondition = {
    expression: '#p = :p',
    names: ExpressionAttributeNames,
    values: ExpressionAttributeValues,
  }
  return [{ ...target, keyCondition }]
}

/** The table was permitted before. A caller that may read only some partitions gets the changes of these. */
export function permitChanges(call: Call, targets: readonly Target[]): Promise<void> | undefined {
  return targets.some(({ keyCondition }) => keyCondition !== undefined) ? permit(call, targets) : undefined
}

/**
 * Subscribes to the changes.
 * @throws ProblemError, StreamNotEnabledError, PositionExpiredError, StorageError
 */
export async function subscribe(call: Call, request: DynamoDBRequest): Promise<Following> {
  const { services, limits } = call
  const { storage, config } = services
  const written = call.request.params['table'] ?? ''
  const { table } = await namedTarget(call, { action: 'GetRecords', table: written })
  const { key } = await storage.tableKeys(table, limits)
  const options = {
    wants: filterOf(call, request, table, key[0]?.name ?? ''),
    signal: limits.signal,
    observer: limits.observer,
    maxBufferedBytes: MAX_BUFFERED_BYTES,
    timeoutMs: config.requestTimeoutMs,
  }
  try {
    return { table, subscription: await storage.changes(table, beginning(call, table), options) }
  } catch (error) {
    throw error instanceof InvalidPositionError ? invalidPosition(call, error) : error
  }
}

/** @throws ProblemError if the request says twice where to begin */
function beginning(call: Call, table: string): From {
  const { from, after } = call.request.query
  if (from !== undefined && after !== undefined) {
    throw new ProblemError(
      'InvalidRequest',
      'querystring/from and querystring/after both say where to begin. Send only one of them.',
    )
  }
  const position = positionAsked(call, table)
  if (position !== undefined) return { after: position }
  return from === 'start' ? 'start' : 'now'
}

/** @throws ProblemError if one of them is no event */
function eventsAsked({ request: { query } }: Call): ReadonlySet<string> | undefined {
  const { events } = query
  if (events === undefined) return undefined
  const asked = events.split(',')
  if (asked.every((event) => CHANGE_EVENTS.has(event))) return new Set(asked)
  throw new ProblemError(
    'InvalidRequest',
    `querystring/events must be one or more of ${[...CHANGE_EVENTS].join(', ')}, separated by commas, not ${JSON.stringify(clip(events))}`,
  )
}

/**
 * Whether the subscriber gets a change: it asked for it, and may see it.
 * @param keyName of the partition key
 */
function filterOf(
  call: Call,
  request: DynamoDBRequest,
  table: string,
  keyName: string,
): (change: Change) => boolean {
  const events = eventsAsked(call)
  const values = request['ExpressionAttributeValues']
  const partition = Buffer.isBuffer(values) ? members(values).get(':p') : undefined
  const own = call.caller && partitionsOf(call.caller, table, 'GetRecords')
  const isInScope = (value: Json | undefined) =>
    (partition === undefined || (value !== undefined && isSameValue(value, partition))) &&
    (own === undefined || own.some((one) => isIn(one, value)))
  return ({ event, keys }) =>
    (events === undefined || events.has(event)) &&
    ((partition === undefined && own === undefined) || isInScope(members(keys).get(keyName)))
}
