/** Query and Scan as a stream: every page, as fast as the reader reads. */
import { AnswerStream } from '../http/answer-stream.js'
import { timingHeaders } from '../http/server-timing.js'
import { csv } from '../items/csv-pages.js'
import type { StreamFormat } from '../items/stream-format.js'
import type { Json } from '../json/json.js'
import { ProblemError } from '../problem/problem-error.js'
import type { Operation } from '../storage/operations.js'
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
 * Answers with all pages. At most two are in memory: the one that is being written and the next one, which is being
 * fetched. An error on a later page cuts the connection, so that the answer does not look complete.
 * @param request DynamoDB's request for the first page
 * @param firstPage DynamoDB's answer to it
 */
export async function sendItemStream(
  call: Call,
  stream: StreamFormat,
  operation: Operation,
  request: DynamoDBRequest,
  firstPage: Json,
): Promise<undefined> {
  const { reply, representation, limits, observed, services } = call
  const { signal, observer } = limits
  const { storage, config, inFlight } = services
  const { requestTimeoutMs: timeoutMs } = config
  const fetch = (lastEvaluatedKey: Json) => {
    const limits = { deadline: performance.now() + timeoutMs, signal, observer }
    const page = storage.send(operation, { ...request, ExclusiveStartKey: lastEvaluatedKey }, limits)
    // Its error is handled when the page before it has been written.
    page.catch(() => undefined)
    return page
  }

  const { request: asked } = call
  const readPage = await stream.open({
    representation,
    request,
    keyNames: () => keyNames(call),
    dropExtra: asked.query['extra'] === 'drop',
  })
  let page = readPage(firstPage)
  if (config.serverTiming) reply.headers(timingHeaders(observed))
  const answer = new AnswerStream(reply, {
    contentType: stream.contentType,
    acceptEncoding: asked.headers['accept-encoding'],
    timeoutMs,
    signal,
    sent: (bytes) => {
      observed.bytesWritten += bytes
    },
  })
  const { raw } = reply
  // The socket may be idle for long, while a filter finds nothing: Node.js must not destroy it for that.
  const keepIdle = () => undefined
  raw.on('timeout', keepIdle)
  // A caller that has closed its side may have hung up, which only shows when data are sent.
  const { socket } = raw
  let isIdle = false
  const probe = () => {
    if (isIdle) answer.fill(stream.filler)
  }
  socket?.once('end', probe)
  try {
    for (;;) {
      const next = page.lastEvaluatedKey && fetch(page.lastEvaluatedKey)
      await answer.write(page.bytes)
      services.observe('streamItems', { direction: 'out', count: page.count }, observed)
      if (next === undefined) break
      isIdle = true
      page = readPage(await next)
      isIdle = false
    }
    raw.off('timeout', keepIdle)
    answer.end()
  } catch (error) {
    // If the caller has disconnected, the request has ended already.
    if (!inFlight.remove(signal)) return undefined
    signal.abort()
    observed.brokenOffBy = error instanceof Error ? error : new Error('the stream broke off')
    answer.breakOff()
  } finally {
    socket?.off('end', probe)
  }
  return undefined
}

async function keyNames({ request, limits, services: { storage } }: Call): Promise<readonly string[]> {
  const { key } = await storage.tableKeys(request.params['table'] ?? '', limits)
  return key.map(({ name }) => name)
}
