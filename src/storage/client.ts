/**
 * The storage layer: DynamoDB's operations, each done as often as it takes. Requests and answers are DynamoDB's
 * own, as JSON (Amazon DynamoDB API Reference, version 2012-08-10): that is what DynamoDB speaks, and
 * building objects from it only to write them out again is what a gateway would spend most of its time on.
 */
import { type Json, members } from '../json/reader.js'
import type { Pace } from './batch/chunks.js'
import { batchGet } from './batch/batch-get.js'
import { batchWrite } from './batch/batch-write.js'
import type { Connection } from './call/connection.js'
import { KeptCredentials } from './call/credentials.js'
import { StorageError } from './errors.js'
import { type KeySchema, KeySchemas } from './tables/key-schemas.js'
import type { CallLimits, Send, StreamLimits } from './call/limits.js'
import { isRepeatable, isWrite, type Operation } from './operations.js'
import { type DynamoDBRequest, serialize } from './request.js'
import { ImportWriter, type ItemSource } from './batch/import-writer.js'
import { Retry, type RetryOptions, wait } from './call/retry.js'
import { type Call, Transport, type TransportOptions } from './call/transport.js'

/** The smallest request that there is. */
const PING: Call = { operation: 'ListTables', body: serialize({ Limit: 1 }), isWrite: false }

export interface StorageOptions extends RetryOptions, TransportOptions {}

export class Storage {
  readonly #transport: Transport
  /** With a socket of its own, so that {@link ping} tells of DynamoDB and not of how many calls are under way. */
  readonly #pingTransport: Transport
  readonly #retry: Retry
  readonly #pace: Pace
  readonly #keySchemas: KeySchemas

  constructor(connection: Connection, options: StorageOptions) {
    const credentials = new KeptCredentials(connection.credentials)
    this.#transport = new Transport(connection, credentials, options)
    this.#pingTransport = new Transport(connection, credentials, { ...options, maxConnections: 1 })
    this.#retry = new Retry(options)
    this.#pace = { maxAttempts: options.maxAttempts, jitter: (retry) => this.#retry.jitter(retry), wait }
    this.#keySchemas = new KeySchemas(this.send)
  }

  /**
   * Calls DynamoDB once, in as many attempts as it takes. A write that may have been applied is tried again only if
   * that makes no difference.
   * @param request the operation's request, such as `{"TableName": "t", "Key": {"id": {"S": "1"}}}`
   * @returns the operation's answer, such as `{"Item": {"id": {"S": "1"}}}`
   * @throws StorageError
   */
  readonly send: Send = (operation, request, limits) => {
    return this.#run(operation, request, limits, () => isRepeatable(operation, request))
  }

  /**
   * BatchGetItem for any number of keys, sent in requests of 100; what is left unprocessed is sent again.
   * @param request BatchGetItem's
   * @returns one answer for all of it, without `UnprocessedKeys`
   * @throws BatchIncompleteError with all that was found and all that was not done
   * @throws DuplicateKeyError if a key stands twice in `request`
   */
  batchGet(request: DynamoDBRequest, limits: CallLimits): Promise<Json> {
    return batchGet(request, { send: this.send, pace: this.#pace, limits })
  }

  /**
   * BatchWriteItem for any number of writes, sent in requests of 25; what is left unprocessed is sent again.
   * @param request BatchWriteItem's
   * @returns one answer for all of it, without `UnprocessedItems`
   * @throws BatchIncompleteError with all that is not known to be written
   * @throws DuplicateKeyError if two writes in `request` have one key
   */
  batchWrite(request: DynamoDBRequest, limits: CallLimits): Promise<Json> {
    return batchWrite(request, { send: this.send, pace: this.#pace, limits }, this.#keySchemas)
  }

  /**
   * Makes a call for which the names and types of a table's key must be known. They are asked for at most once in 10 s.
   * When the call ends as it might if they were wrong (KeyMismatchError, ValidationException,
   * ResourceNotFoundException), they are asked for anew, and it is made once more if they have changed.
   * @throws StorageError if the table cannot be described, and what `call` throws
   */
  withKeySchema<Result>(
    table: string,
    limits: CallLimits,
    call: (schema: KeySchema) => Promise<Result>,
  ): Promise<Result> {
    return this.#keySchemas.use(table, limits, call)
  }

  /**
   * PutItem without a condition, and what it did. Unlike with {@link send}, an attempt that may have been applied is
   * followed by another one, since that leaves the same item; if there was one then, it may have been its own.
   * @param request PutItem's, with `"ReturnValues": "ALL_OLD"`
   * @returns `written` if it is not known whether there was an item before
   * @throws StorageError
   */
  async putItem(request: DynamoDBRequest, limits: CallLimits): Promise<'created' | 'replaced' | 'written'> {
    const earlier = { maybeApplied: false }
    const onMaybeApplied = () => {
      earlier.maybeApplied = true
    }
    const output = await this.#run('PutItem', request, { ...limits, onMaybeApplied }, () => true)
    if (!members(output).has('Attributes')) return 'created'
    return earlier.maybeApplied ? 'written' : 'replaced'
  }

  /**
   * DeleteTable; what is known of tables is forgotten.
   * @throws StorageError
   */
  async deleteTable(request: DynamoDBRequest, limits: CallLimits): Promise<Json> {
    try {
      return await this.send('DeleteTable', request, limits)
    } finally {
      this.#keySchemas.forget()
    }
  }

  /**
   * Puts any number of items, as they come, in requests of 25; what is left unprocessed is sent again. Of two items with
   * one key the later one wins.
   * @returns how many were written
   * @throws ImportError if it stopped before the end
   */
  importItems(table: string, source: ItemSource, limits: StreamLimits): Promise<number> {
    const context = { send: this.send, pace: this.#pace }
    return new ImportWriter(table, source, this.#keySchemas, context, limits).run()
  }

  /**
   * Whether DynamoDB answers and knows who we are: one attempt of the smallest operation there is.
   * @throws StorageError if not
   */
  async ping(timeoutMs: number): Promise<void> {
    const result = await this.#pingTransport.attempt(PING, { deadline: performance.now() + timeoutMs })
    // A missing permission to list tables means that DynamoDB is there and has accepted the signature.
    if (Buffer.isBuffer(result) || result.kind === 'access_denied') return
    const attempts = result.kind === 'no_credentials' ? 0 : 1
    const { operation } = PING
    throw new StorageError(result, { operation, attempts, earlierMaybeApplied: false, repeatable: true })
  }

  /** Serializes the request once for all attempts. */
  #run(
    operation: Operation,
    request: DynamoDBRequest,
    limits: CallLimits,
    repeatable: () => boolean,
  ): Promise<Json> {
    const call = { operation, body: serialize(request), isWrite: isWrite(operation, request) }
    const attempt = () => this.#transport.attempt(call, limits)
    return this.#retry.run({ operation, attempt, repeatable }, limits)
  }

  /** Closes the sockets. Calls that are under way fail. */
  async close(): Promise<void> {
    await Promise.all([this.#transport.close(), this.#pingTransport.close()])
  }
}
