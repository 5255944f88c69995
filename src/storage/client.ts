/**
 * The storage layer: DynamoDB's operations, each with all the attempts that it needs. Requests and answers are DynamoDB's
 * own (Amazon DynamoDB API Reference, version 2012-08-10). Answers and items stay JSON: a gateway that parsed them into
 * objects, only to serialize these again, would spend most of its time on that.
 */
import { inSlices } from '../json/in-slices.js'
import type { Json } from '../json/json.js'
import { members } from '../json/parts.js'
import { Pieces } from '../json/pieces.js'
import { batchGet } from './batch/batch-get.js'
import { batchStatements } from './batch/batch-statements.js'
import { batchWrite } from './batch/batch-write.js'
import type { BatchContext, Pace } from './batch/chunks.js'
import { ImportWriter, type EntrySource } from './batch/import-writer.js'
import type { Connection } from './call/connection.js'
import { asksForCapacity, readCapacity } from './capacity.js'
import { type CredentialSource, sourceOf } from './call/credential-source.js'
import { KeptCredentials } from './call/credentials.js'
import type { CallLimits, Send, StreamLimits } from './call/limits.js'
import { type Budget, Retry, type RetryOptions, wait } from './call/retry.js'
import type { RawResponse } from './call/response.js'
import { type Call, type Connections, Transport, type TransportOptions } from './call/transport.js'
import { asAnswerError, StorageError } from './errors.js'
import type { StorageObserver } from './events.js'
import { MergedReads } from './merge/merged-reads.js'
import { errorResponse, type ForwardedResponse, successResponse } from './forwarded.js'
import {
  apiOf,
  isRepeatable,
  isWrite,
  type Operation,
  reportsCapacity,
  type SentOperation,
} from './operations.js'
import { type Deleted, deleteItems } from './pages/delete-items.js'
import type { PageOperation } from './pages/pages.js'
import { type DynamoDBRequest, onlyTableOf, type Parameter, serialize, textOf } from './request.js'
import { onlyTableOfStatements } from './statement-requests.js'
import { StreamCalls } from './streams/stream-calls.js'
import { type ChangesOptions, Streams } from './streams/streams.js'
import type { From, Subscription } from './streams/subscription.js'
import { type KeySchema, KeySchemas, type TableKeys } from './tables/key-schemas.js'
import { listTables } from './tables/list-tables.js'
import { inRegion, tableName } from './tables/table-names.js'

/** The cheapest request to DynamoDB. */
const PING: Call = { operation: 'ListTables', body: serialize({ Limit: 1 }), isWrite: false }

/** The most sockets to DynamoDB Streams: 16 can make hundreds of calls a second. */
const MAX_STREAMS_CONNECTIONS = 16

const nothing = () => undefined

const NO_OBSERVER: StorageObserver = {
  attemptEnded: nothing,
  retrying: nothing,
  batchEntries: nothing,
  writeMaybeApplied: nothing,
  capacityConsumed: nothing,
  readsShared: nothing,
  sharingFailed: nothing,
  changesRead: nothing,
  changeSubscribers: nothing,
}

export interface StorageOptions extends RetryOptions, TransportOptions {
  /** Whether gets that arrive together share a call; see {@link MergedReads}. */
  readonly mergeReads: boolean
  /** How long gets of a table share no call after one has failed, in ms. */
  readonly mergeReadsPauseMs: number
}

export class Storage {
  readonly #transport: Transport
  readonly #credentials: KeptCredentials
  /** A socket of its own, so that {@link ping} does not queue behind the calls in flight. */
  readonly #pingTransport: Transport
  readonly #createStreamsTransport: () => Transport
  #streamsTransport: Transport | undefined
  readonly #retry: Retry
  readonly #mergedReads: MergedReads | undefined
  readonly #pace: Pace
  readonly #keySchemas: KeySchemas
  readonly #streams: Streams
  readonly #region: string
  #asksForCapacity = false
  #observer: StorageObserver = NO_OBSERVER

  readonly endpoint: URL

  constructor(connection: Connection, options: StorageOptions) {
    this.#region = connection.region
    this.endpoint = connection.endpoint
    this.#credentials = new KeptCredentials(connection.credentials)
    this.#transport = new Transport(connection, this.#credentials, options)
    this.#pingTransport = new Transport(connection, this.#credentials, { ...options, maxConnections: 1 })
    const maxConnections = Math.min(MAX_STREAMS_CONNECTIONS, options.maxConnections)
    this.#createStreamsTransport = () =>
      new Transport({ ...connection, endpoint: connection.streamsEndpoint }, this.#credentials, {
        ...options,
        maxConnections,
      })
    this.#retry = new Retry(options)
    this.#pace = { maxAttempts: options.maxAttempts, jitter: (retry) => this.#retry.jitter(retry), wait }
    if (options.mergeReads) {
      this.#mergedReads = new MergedReads({
        attempt: (call, limits) => {
          this.#retry.earn()
          return this.#transport.attempt(call, limits)
        },
        observer: () => this.#observer,
        asksForCapacity: () => this.#asksForCapacity,
        pauseMs: options.mergeReadsPauseMs,
      })
    }
    this.#keySchemas = new KeySchemas(this.send)
    this.#streams = new Streams(new StreamCalls(this.send), () => this.#observer)
  }

  /**
   * Sets who is told what happens in calls that have no observer of their own.
   * @param capacity whether to ask for the consumed capacity in every call. Callers that did not ask for it do not get it.
   */
  subscribe(observer: StorageObserver, capacity: boolean): void {
    this.#observer = observer
    this.#asksForCapacity = capacity
  }

  /** The sockets to DynamoDB that are open, and the calls that wait for one. */
  get connections(): Connections {
    const { used, idle, pending } = this.#transport.connections
    const streams = this.#streamsTransport?.connections ?? { used: 0, idle: 0, pending: 0 }
    return { used: used + streams.used, idle: idle + streams.idle, pending: pending + streams.pending }
  }

  /** The retries that the service may make now, from 0 to 1,000. */
  retryBudget(kind: Budget): number {
    return this.#retry.budget(kind)
  }

  /**
   * Makes one call, with as many attempts as it needs. A write that may have been applied is sent again only if doing
   * it twice is the same as doing it once.
   * @param request such as `{ TableName: 't', Key: <{"id":{"S":"1"}}> }`
   * @returns the operation's answer, such as `{"Item":{"id":{"S":"1"}}}`
   * @throws StorageError
   */
  readonly send: Send = async (operation, request, limits) => {
    const { whole } = await this.answer(operation, request, limits)
    return whole
  }

  /** As {@link send}, for an answer that is not kept. */
  answer(operation: Operation, request: DynamoDBRequest, limits: CallLimits): Promise<Pieces> {
    const alone = () => this.#run(operation, request, limits, () => isRepeatable(operation, request))
    if (operation !== 'GetItem' || this.#mergedReads === undefined) return alone()
    return this.#mergedReads.get(request, limits, alone)
  }

  /**
   * Makes one call with a request that a caller has written, byte for byte, with as many attempts as it needs. Unprocessed
   * entries of a batch are not sent again.
   * @param request the parameters in `body`
   * @returns DynamoDB's response as it is, also if it is an error: then that of the last attempt
   * @throws StorageError if DynamoDB has not answered, or if it has refused the service rather than the caller
   */
  async forward(
    operation: SentOperation,
    body: Json,
    request: DynamoDBRequest,
    limits: CallLimits,
  ): Promise<ForwardedResponse> {
    const observer = limits.observer ?? this.#observer
    const call = { operation, body, isWrite: isWrite(operation, request) }
    try {
      const response = await this.#attempts(call, request, limits, () => isRepeatable(operation, request))
      if (asksForCapacity(request)) {
        await this.#observeCapacity(operation, request, response.body.whole, observer)
      }
      return successResponse(response)
    } catch (error) {
      const answer = error instanceof StorageError ? errorResponse(error) : undefined
      if (answer === undefined) throw error
      return answer
    } finally {
      if (operation === 'UpdateTable' || operation === 'DeleteTable') this.#keySchemas.forget()
    }
  }

  /**
   * BatchGetItem for any number of keys, sent in requests of 100. Unprocessed keys are sent again.
   * @param request BatchGetItem's, with any number of keys in `RequestItems`
   * @returns one answer for all keys, without `UnprocessedKeys`
   * @throws BatchIncompleteError with the items that were found and the keys that are not confirmed
   * @throws DuplicateKeyError if `request` has a key twice
   */
  batchGet(request: DynamoDBRequest, limits: CallLimits): Promise<Pieces> {
    return batchGet(request, this.#batchContext(limits))
  }

  /**
   * BatchWriteItem for any number of writes, sent in requests of 25. Unprocessed writes are sent again.
   * @param request BatchWriteItem's, with any number of writes in `RequestItems`
   * @returns one answer for all writes, without `UnprocessedItems`
   * @throws BatchIncompleteError with the writes that are not confirmed
   * @throws DuplicateKeyError if two writes in `request` have one key
   */
  batchWrite(request: DynamoDBRequest, limits: CallLimits): Promise<Json> {
    return batchWrite(request, this.#batchContext(limits), this.#keySchemas)
  }

  /**
   * BatchExecuteStatement for any number of statements, sent in requests of 25. Statements that DynamoDB throttled are sent
   * again.
   * @param request BatchExecuteStatement's, with any number of `Statements`
   * @returns an array with one answer for each statement, in their order; some may be errors
   * @throws BatchIncompleteError with such answers in `StatementResponses`, if a request failed as a whole
   */
  batchStatements(request: DynamoDBRequest, limits: CallLimits): Promise<Json> {
    return batchStatements(request, this.#batchContext(limits))
  }

  /**
   * Deletes what a Query or a Scan finds, page by page.
   * @param request of the Query or the Scan; only the keys of the items are read
   * @param stopAt see {@link PageOptions.stopAt}
   * @throws StorageError if the first page fails
   * @throws DeleteIncompleteError with the deletes that are not confirmed
   */
  async deleteItems(
    operation: PageOperation,
    request: DynamoDBRequest,
    { maxItems, stopAt }: { readonly maxItems: number; readonly stopAt: number },
    limits: CallLimits,
  ): Promise<Deleted> {
    const table = textOf(request['TableName']) ?? ''
    const positionNames = await this.positionNames(table, textOf(request['IndexName']), limits)
    const { key } = await this.tableKeys(table, limits)
    const keyNames = key.map(({ name }) => name)
    const context = { ...this.#batchContext(limits), keyNames, positionNames, stopAt }
    return deleteItems(operation, request, maxItems, context)
  }

  /**
   * Makes a call that needs the key schema of a table. The schema is requested at most once in 10 s. If the call fails
   * as it would with an outdated schema (KeyMismatchError, ValidationException, ResourceNotFoundException), the schema is
   * requested again, and the call is repeated once if it has changed.
   * @param index whose key schema is needed; that of the table by default
   * @throws StorageError if the table cannot be described or has no such index, and the errors of `call`
   */
  withKeySchema<Result>(
    table: string,
    limits: CallLimits,
    call: (schema: KeySchema) => Promise<Result>,
    index?: string,
  ): Promise<Result> {
    return this.#keySchemas.use(table, limits, call, index)
  }

  /**
   * The keys of a table and of its indexes, requested at most once in 10 s.
   * @throws StorageError if the table cannot be described
   */
  tableKeys(table: string, limits: CallLimits): Promise<TableKeys> | TableKeys {
    return this.#keySchemas.of(table, limits)
  }

  /** See {@link KeySchemas.positionNames}. */
  positionNames(table: string, index: string | undefined, limits: CallLimits): Promise<readonly string[]> {
    return this.#keySchemas.positionNames(table, index, limits)
  }

  /**
   * Whether an ARN is that of a table in the account and the Region of this service. Only the description of the table of
   * that name tells the account; the ARN itself is not sent.
   * @throws StorageError if the table cannot be described
   */
  async isOwnTable(arn: string, limits: CallLimits): Promise<boolean> {
    const name = tableName(arn)
    if (name === arn) return false
    try {
      const { arn: own } = await this.tableKeys(name, limits)
      // DynamoDB Local has a Region of its own, whatever the service is configured for.
      return own !== undefined && (own === arn || inRegion(own, this.#region) === arn)
    } catch (error) {
      if (error instanceof StorageError && error.name === 'ResourceNotFoundException') return false
      throw error
    }
  }

  /**
   * ListTables without the tables that the caller may not see. A page has as many tables as it could have without them.
   * @throws StorageError
   */
  listTables(
    request: DynamoDBRequest,
    limits: CallLimits,
    isVisible: (table: string) => boolean,
  ): Promise<Json> {
    return listTables(request, (page) => this.send('ListTables', page, limits), isVisible)
  }

  /**
   * PutItem without a condition, with its effect. Unlike {@link send}, it sends the request again after an attempt that
   * may have been applied: the item is the same then, but the old item that DynamoDB returns may be the new one.
   * @param request PutItem's, without `ReturnValues`
   * @returns `written` if it is unknown whether there was an item before
   * @throws StorageError
   */
  async putItem(request: DynamoDBRequest, limits: CallLimits): Promise<'created' | 'replaced' | 'written'> {
    const earlier = { maybeApplied: false }
    const onMaybeApplied = () => {
      earlier.maybeApplied = true
    }
    // Only the old item tells whether the item was created or replaced.
    const asking: Record<string, Parameter> = { ReturnValues: 'ALL_OLD' }
    for (const name of Object.keys(request)) asking[name] = request[name]
    const output = await this.#run('PutItem', asking, { ...limits, onMaybeApplied }, () => true)
    try {
      if (!members(output.whole).has('Attributes')) return 'created'
    } catch (error) {
      throw asAnswerError(error)
    }
    return earlier.maybeApplied ? 'written' : 'replaced'
  }

  /**
   * Changes the keys that a table or its indexes have. All cached key schemas are dropped.
   * @throws StorageError
   */
  async changeKeys(
    operation: 'UpdateTable' | 'DeleteTable',
    request: DynamoDBRequest,
    limits: CallLimits,
  ): Promise<Json> {
    try {
      return await this.send(operation, request, limits)
    } finally {
      this.#keySchemas.forget()
    }
  }

  /**
   * Puts and deletes any number of items as they arrive, in requests of 25. Unprocessed writes are sent again. Of two
   * writes to one key, the later one wins.
   * @returns the number of items written
   * @throws ImportError if it stopped before the end
   */
  importItems(table: string, source: EntrySource, limits: StreamLimits): Promise<number> {
    const context = { send: this.send, pace: this.#pace, observer: limits.observer ?? this.#observer }
    return new ImportWriter(table, source, this.#keySchemas, context, limits).run()
  }

  /**
   * Follows the changes of a table, from its stream.
   * @param from where to begin; a position is the id of a change, or what {@link Subscription.position} has returned, of
   *   any replica. Behind a position, every change comes at least once, and those of an item come in their order.
   * @throws StreamNotEnabledError, InvalidPositionError, PositionExpiredError, StorageError. The subscription throws them too,
   *   and SlowSubscriberError.
   */
  changes(table: string, from: From, options: ChangesOptions): Promise<Subscription> {
    return this.#streams.subscribe(table, from, options)
  }

  /**
   * Looks up the credentials, if no call has done so yet. That takes seconds where instance metadata do not respond.
   * @returns where they come from
   * @throws CredentialsError if there are none
   */
  async findCredentials(): Promise<CredentialSource> {
    return sourceOf(this.#credentials.current ?? (await this.#credentials.renew()))
  }

  /**
   * Checks with one attempt that DynamoDB responds and accepts the credentials.
   * @param timeoutMs the longest that it may take
   * @throws StorageError if it does not
   */
  async ping(timeoutMs: number): Promise<void> {
    const result = await this.#pingTransport.attempt(PING, { deadline: performance.now() + timeoutMs })
    // A missing permission to list tables means that DynamoDB is there and has accepted the signature.
    if (!('kind' in result) || result.kind === 'access_denied') return
    const attempts = result.kind === 'no_credentials' ? 0 : 1
    const { operation } = PING
    throw new StorageError(result, { operation, attempts, earlierMaybeApplied: false, repeatable: true })
  }

  #batchContext(limits: CallLimits): BatchContext {
    return { send: this.send, pace: this.#pace, limits, observer: limits.observer ?? this.#observer }
  }

  /** Serializes the request once for all attempts. */
  async #run(
    operation: Operation,
    request: DynamoDBRequest,
    limits: CallLimits,
    repeatable: () => boolean,
  ): Promise<Pieces> {
    const observer = limits.observer ?? this.#observer
    const asked = asksForCapacity(request)
    const added = !asked && this.#asksForCapacity && reportsCapacity(operation)
    const sent = added ? { ...request, ReturnConsumedCapacity: 'TOTAL' } : request
    const call = { operation, body: serialize(sent), isWrite: isWrite(operation, request) }
    const { body } = await this.#attempts(call, request, limits, repeatable)
    if (!asked && !added) return body
    const withoutIt = await this.#observeCapacity(operation, request, body.whole, observer)
    return added ? new Pieces([withoutIt()]) : body
  }

  #attempts(
    call: Call,
    request: DynamoDBRequest,
    limits: CallLimits,
    repeatable: () => boolean,
  ): Promise<RawResponse> {
    return this.#retry.run(
      {
        operation: call.operation,
        table: onlyTableOf(request) ?? onlyTableOfStatements(call.operation, request),
        index: textOf(request['IndexName']),
        observer: limits.observer ?? this.#observer,
        attempt: () => this.#transportOf(call.operation).attempt(call, limits),
        repeatable,
      },
      limits,
    )
  }

  /**
   * Tells the capacity that the answer to a call reports.
   * @returns makes the answer without it
   * @throws AnswerError
   */
  async #observeCapacity(
    operation: SentOperation,
    request: DynamoDBRequest,
    answer: Json,
    observer: StorageObserver,
  ): Promise<() => Json> {
    try {
      const { consumed, withoutIt } = await inSlices(readCapacity(answer, operation, request))
      for (const one of consumed) observer.capacityConsumed(one)
      return withoutIt
    } catch (error) {
      throw asAnswerError(error)
    }
  }

  /** DynamoDB Streams has an endpoint of its own, and so sockets of its own, once it is called. */
  #transportOf(operation: SentOperation): Transport {
    if (apiOf(operation) === 'DynamoDB_20120810') return this.#transport
    this.#streamsTransport ??= this.#createStreamsTransport()
    return this.#streamsTransport
  }

  /** Ends all subscriptions, and closes the sockets. Calls in flight fail. */
  async close(): Promise<void> {
    this.#streams.close()
    await Promise.all([this.#transport.close(), this.#pingTransport.close(), this.#streamsTransport?.close()])
  }
}
