/**
 * The life of a request in DynamoDB's own protocol, from its headers to its answer, in the order in which it happens. It has the
 * steps of serve.ts, but nothing is translated: the body goes to DynamoDB as it is, and the answer comes back as it is. The
 * body is parsed only to know what the request touches.
 */
import { isUtf8 } from 'node:buffer'
import { crc32 } from 'node:zlib'
import type { FastifyReply } from 'fastify'
import type { Access } from '../access/access.js'
import { maySee } from '../access/authorize.js'
import type { Caller } from '../access/caller.js'
import { SignatureError } from '../access/signature-error.js'
import type { Config } from '../config.js'
import { type BodyLimit, readRequestBody, refuseOtherEncodings } from '../http/request-body.js'
import { typed } from '../items/representation.js'
import { inSlices } from '../json/in-slices.js'
import type { Json } from '../json/json.js'
import { JsonError } from '../json/reader.js'
import { RequestObserver } from '../observability/events.js'
import type { ObservedRequest } from '../observability/observed-request.js'
import { AMZ_JSON } from '../problem/dynamodb-error.js'
import { clip, ProblemError } from '../problem/problem-error.js'
import type { CallState } from '../problem/send-problem.js'
import { storageProblem } from '../problem/storage-problem.js'
import { administersTables, type ApiOperation, apiOperation } from '../storage/api-operations.js'
import type { CallLimits } from '../storage/call/limits.js'
import type { ForwardedResponse } from '../storage/forwarded.js'
import { hasRow, isWrite, targetsOf } from '../storage/operations.js'
import { parseRequest } from '../storage/parse-request.js'
import { type DynamoDBRequest, RequestError, textOf } from '../storage/request.js'
import { isStatementOperation, readStatements } from '../storage/statement-requests.js'
import { type Asking, limitRate, permit, permitEverything } from './access-control.js'
import { batchLimit, bodyLimit } from './body.js'
import type { ApiRequest, Services } from './call.js'
import { permitStatement } from './execute-statement.js'
import { observedOf, tablesOf } from './serve.js'

/** Answers a request. */
export async function serveOwnProtocol(
  services: Services,
  request: ApiRequest,
  reply: FastifyReply,
): Promise<Json> {
  const { access, config, storage, admission, inFlight, observe } = services
  const { raw, headers } = request
  const observed = observedOf(request)
  const state: CallState = { representation: typed, writes: false }
  request.call = state

  // 1. Find the operation.
  const operation = operationOf(headers['x-amz-target'])
  observed.operation = operation
  refuseDisabled(operation, config)
  refuseOtherEncodings(headers, false)

  // 2. Limit the time, counted from the end of the headers. The call ends early if the caller disconnects.
  const limits = {
    deadline: performance.now() - reply.elapsedTime + config.requestTimeoutMs,
    signal: inFlight.add(reply),
    observer: new RequestObserver(observe, observed),
  }

  // 3. Authenticate the caller, as far as the headers tell it.
  const authenticated = access && (await authenticate(access, request))
  observed.stepMs.auth = performance.now() - observed.startedAt

  // 4. Read the body, verify its signature, and limit the caller's rate.
  const body = await readRequestBody(raw, limitOf(operation, config), admission)
  observed.bytesRead = body.length
  const arrivedAt = performance.now()
  const caller = authenticated?.(body)
  observed.principal = caller?.principal ?? null
  observed.stepMs.auth += performance.now() - arrivedAt
  if (caller?.rate !== undefined) await limitRate(services, caller, reply)

  // 5. Take a slot, now that the body has arrived.
  admission.enter(raw, 'requests')

  // 6. Authorize everything that the request asks for.
  const asked = await parametersIn(body)
  await permitRequest({ services, caller, limits, observed }, operation, asked, body)

  // 7. Send it to DynamoDB, and answer as DynamoDB does.
  state.writes = isWrite(operation, asked)
  const answer =
    operation === 'ListTables' && caller !== undefined
      ? await visibleTables(services, caller, asked, limits)
      : await storage.forward(operation, body, asked, limits)
  const { statusCode, error, requestId = request.id, checksum } = answer
  if (error !== undefined) request.problem = storageProblem(error, typed)
  reply.code(statusCode).header('content-type', AMZ_JSON).header('x-amzn-requestid', requestId)
  if (checksum !== undefined) reply.header('x-amz-crc32', checksum)
  return answer.body
}

const PREFIX = 'DynamoDB_20120810.'

/** @throws ProblemError if the header names none of DynamoDB's operations */
function operationOf(target: string | readonly string[] | undefined): ApiOperation {
  if (typeof target !== 'string') {
    throw new ProblemError(
      'InvalidRequest',
      `headers/x-amz-target must name an operation of DynamoDB, such as ${PREFIX}GetItem.`,
    )
  }
  const operation = target.startsWith(PREFIX) ? apiOperation(target.slice(PREFIX.length)) : undefined
  if (operation !== undefined) return operation
  throw new ProblemError('InvalidRequest', `${clip(target)} is no operation of DynamoDB (${PREFIX}…).`, {
    exception: 'UnknownOperationException',
  })
}

/** @throws ProblemError */
function refuseDisabled(operation: ApiOperation, { tableAdmin }: Config): void {
  if (tableAdmin || !administersTables(operation)) return
  throw new ProblemError(
    'MethodNotAllowed',
    `${operation} is disabled. Start the service with TABLE_ADMIN=true to enable it.`,
  )
}

function limitOf(operation: ApiOperation, config: Config): BodyLimit {
  return operation.startsWith('Batch') ? batchLimit(config) : bodyLimit(config)
}

/** Tells the caller once the body has arrived. Throws a ProblemError `Unauthenticated` if it has not signed this body. */
type CallerOf = (body: Buffer) => Caller

/**
 * Finds the caller by its signature; or, of a request that is not signed, by its API key or token.
 * @throws ProblemError `Unauthenticated`
 */
async function authenticate(access: Access, { raw, headers }: ApiRequest): Promise<CallerOf> {
  if (headers.authorization?.startsWith('AWS4-') !== true) {
    const caller = await access.authenticate(headers)
    return () => caller
  }
  const { method = '', url = '', rawHeaders } = raw
  const signature = orUnauthenticated(() => access.signatureOf({ method, url, headers, rawHeaders }))
  return (body) => orUnauthenticated(() => signature.verify(body))
}

function orUnauthenticated<Result>(check: () => Result): Result {
  try {
    return check()
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error
    throw new ProblemError('Unauthenticated', error.message, { exception: error.name, cause: error })
  }
}

/** @throws ProblemError */
async function parametersIn(body: Buffer): Promise<DynamoDBRequest> {
  if (!isUtf8(body)) throw notSerializable('The body is not valid UTF-8.')
  try {
    return await inSlices(parseRequest(body))
  } catch (error) {
    if (error instanceof JsonError) throw notSerializable(`body${clip(error.path)} ${clip(error.message)}`)
    throw error
  }
}

function notSerializable(detail: string): ProblemError {
  return new ProblemError('InvalidRequest', detail, { exception: 'SerializationException' })
}

/**
 * Checks that the caller may do all that the request asks for.
 * @throws ProblemError
 */
async function permitRequest(
  asking: Asking & { readonly observed: ObservedRequest },
  operation: ApiOperation,
  asked: DynamoDBRequest,
  body: Buffer,
): Promise<void> {
  // The answer has the tables that the caller may see.
  if (operation === 'ListTables') return
  if (!hasRow(operation)) {
    asking.observed.tables = tablesIn(asked)
    await permitEverything(asking, operation, asking.observed.tables)
    return
  }
  try {
    // Then nothing below parses a statement.
    if (isStatementOperation(operation)) await inSlices(readStatements(operation, asked))
    const targets = targetsOf(operation, asked)
    asking.observed.tables = tablesOf(targets)
    // Nearly all decisions are made at once.
    const deciding = (operation === 'ExecuteStatement' ? permitStatement : permit)(asking, targets)
    if (deciding !== undefined) await deciding
  } catch (error) {
    if (!(error instanceof RequestError || error instanceof JsonError)) throw error
    if (mayExplain(asking, body)) return
    throw new ProblemError('InvalidRequest', error.message)
  }
}

/**
 * DynamoDB would refuse nearly every request whose targets cannot be read, and says best why. But it may read one that has
 * something unknown in it: then the request must have nothing that is not allowed.
 */
function mayExplain({ caller }: Asking, body: Buffer): boolean {
  // An escape could hide the beginning of an ARN.
  return caller === undefined && !body.includes('arn:') && !body.includes('\\u')
}

/** The parameters by which operations without a row name a table. */
const TABLE_PARAMETERS = [
  'TableName',
  'TableArn',
  'ResourceArn',
  'SourceTableName',
  'SourceTableArn',
] as const
/** The ARN of a table, at the beginning of that of an index or a stream. */
const ARN_OF_TABLE = /^arn:.*?:table\/[^/]+/

function tablesIn(asked: DynamoDBRequest): readonly string[] {
  return TABLE_PARAMETERS.map((name) => textOf(asked[name]))
    .filter((table) => table !== undefined)
    .map((table) => ARN_OF_TABLE.exec(table)?.[0] ?? table)
}

/** The most tables that DynamoDB lists in one answer. */
const MAX_TABLES = 100

/**
 * The answer to ListTables, with the tables that the caller may see.
 * @throws ProblemError
 */
async function visibleTables(
  { storage }: Services,
  caller: Caller,
  asked: DynamoDBRequest,
  limits: CallLimits,
): Promise<ForwardedResponse> {
  const Limit = Number(asked['Limit'] ?? MAX_TABLES)
  if (!Number.isInteger(Limit) || Limit < 1 || Limit > MAX_TABLES) {
    throw new ProblemError('ValidationException', `Limit must be an integer from 1 to ${MAX_TABLES}.`)
  }
  const page = { Limit, ExclusiveStartTableName: asked['ExclusiveStartTableName'] }
  const body = await storage.listTables(page, limits, (table) => maySee(caller, table))
  return { statusCode: 200, body, requestId: undefined, checksum: String(crc32(body)) }
}
