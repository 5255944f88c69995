/** Query and Scan as a stream: every page, as fast as the reader reads. */
import { timingHeaders } from '../http/server-timing.js'
import { writeWithBackPressure } from '../http/stream-writer.js'
import { csv } from '../items/csv-pages.js'
import type { StreamFormat } from '../items/stream-format.js'
import type { Json } from '../json/json.js'
import { ProblemError } from '../problem/problem-error.js'
import { firstItems } from '../storage/pages/page-answer.js'
import { type PageOperation, pagesFrom } from '../storage/pages/pages.js'
import type { DynamoDBRequest } from '../storage/request.js'
import type { Call } from './call.js'

/** @throws ProblemError if the request asks for what its answer cannot have */
export function checkStream({ request: { query }, stream }: Call, body: object): void {
  if (stream !== undefined) refuseMetadata(body, stream)
  if (query['extra'] !== undefined && stream !== csv) {
    throw new ProblemError('InvalidRequest', `querystring/extra is only for an answer in ${csv.mediaType}`)
  }
}

/** A stream can carry only items. */
function refuseMetadata(body: object, { mediaType }: StreamFormat): void {
  const { select, returnConsumedCapacity = 'NONE' } = body as Partial<Record<string, unknown>>
  const where = `cannot be part of an answer in ${mediaType}`
  if (select === 'COUNT') throw new ProblemError('InvalidRequest', `body/select: COUNT ${where}`)
  if (returnConsumedCapacity !== 'NONE') {
    throw new ProblemError(
      'InvalidRequest',
      `body/returnConsumedCapacity ${where}. Leave it out, or use NONE.`,
    )
  }
}

/**
 * Answers with all pages, or with those that have the first so many items. At most two are in memory: the one that is being written and the next one, which is being
 * fetched. An error on a later page cuts the connection, so that the answer does not look complete.
 * @param request DynamoDB's request for the first page
 * @param firstPage DynamoDB's answer to it
 * @param limit the most items of the whole stream
 */
export async function sendItemStream(
  call: Call,
  stream: StreamFormat,
  operation: PageOperation,
  request: DynamoDBRequest,
  firstPage: Json,
  limit = Infinity,
): Promise<undefined> {
  const { reply, representation, limits, observed, services } = call
  const { signal, observer } = limits
  const { storage, config, inFlight } = services
  const { requestTimeoutMs: timeoutMs } = config
  const readPage = await stream.open({
    representation,
    request,
    keyNames: () => keyNames(call),
    dropExtra: call.request.query['extra'] === 'drop',
  })
  let wanted = limit
  const read = (page: Json) => {
    const found = readPage(wanted === Infinity ? page : firstItems(page, wanted))
    wanted -= found.count
    return found
  }
  const next = async (lastEvaluatedKey: Json) => {
    const limits = { deadline: performance.now() + timeoutMs, signal, observer }
    return read(await storage.send(operation, { ...request, ExclusiveStartKey: lastEvaluatedKey }, limits))
  }

  const first = read(firstPage)
  const { raw } = reply
  if (config.serverTiming) reply.headers(timingHeaders(observed))
  reply.hijack()
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) raw.setHeader(name, value)
  }
  raw.writeHead(200, { 'content-type': stream.contentType })
  // The socket may be idle for long, while a filter finds nothing: Node.js must not destroy it for that.
  const keepIdle = () => undefined
  raw.on('timeout', keepIdle)
  // A caller that has closed its side may have hung up, which only shows when data are sent.
  const { socket } = raw
  let isIdle = false
  const probe = () => {
    if (isIdle) raw.write(stream.filler)
  }
  socket?.once('end', probe)
  try {
    if (first.bytes.length === 0) raw.flushHeaders()
    for await (const { bytes, count } of pagesFrom(first, next, { ahead: true })) {
      isIdle = false
      await writeWithBackPressure(raw, bytes, timeoutMs, signal)
      observed.bytesWritten += bytes.length
      services.observe('streamItems', { direction: 'out', count }, observed)
      isIdle = true
    }
    isIdle = false
    raw.off('timeout', keepIdle)
    raw.end()
  } catch (error) {
    // If the caller has disconnected, the request has ended already.
    if (!inFlight.remove(signal)) return undefined
    signal.abort()
    observed.brokenOffBy = error instanceof Error ? error : new Error('the stream broke off')
    // Without its last chunk the answer is incomplete (RFC 9112, section 8).
    raw.destroy()
  } finally {
    socket?.off('end', probe)
  }
  return undefined
}

async function keyNames({ request, limits, services: { storage } }: Call): Promise<readonly string[]> {
  const { key } = await storage.tableKeys(request.params['table'] ?? '', limits)
  return key.map(({ name }) => name)
}
