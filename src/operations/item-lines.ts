/** Query and Scan as a stream: every page, an item a line, as fast as the reader reads. */
import type { ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'
import type { App } from '../fastify.js'
import { type Json, members } from '../json/reader.js'
import { ProblemError } from '../problem/problem.js'
import { type Page, readPage } from '../items/lines.js'
import { ndjson, type Representation } from '../items/representation.js'
import type { Cancellation } from '../storage/call/cancellation.js'
import type { CallLimits } from '../storage/call/limits.js'
import type { DynamoDBRequest } from '../storage/request.js'
import type { Operation } from '../storage/operations.js'

/** So many bytes are written at a time. A reader has `REQUEST_TIMEOUT_MS` to take them. */
const SLICE_BYTES = 64 * 1024

/** @throws ProblemError if the body asks for what has no place among items */
export function refuseMetrics(body: object): void {
  const { select, returnConsumedCapacity = 'NONE' } = body as Partial<Record<string, unknown>>
  const where = `has no place in an answer that is ${ndjson.mediaType}`
  if (select === 'COUNT') throw new ProblemError('InvalidRequest', `body/select: COUNT ${where}`)
  if (returnConsumedCapacity !== 'NONE') {
    throw new ProblemError('InvalidRequest', `body/returnConsumedCapacity ${where}, unless it is NONE`)
  }
}

/**
 * Answers with all pages. At the most there is one that is being written and the next one, which is being fetched.
 * @param input DynamoDB's request for the first page
 * @param limits of the first page; what goes wrong with it is thrown. What goes wrong later breaks the connection off.
 */
export async function sendItemLines(
  app: App,
  reply: FastifyReply,
  operation: Operation,
  input: Json,
  representation: Representation,
  { signal, ...limits }: CallLimits & { readonly signal: Cancellation },
): Promise<void> {
  const { requestTimeoutMs: timeoutMs } = app.config
  const request: DynamoDBRequest = Object.fromEntries(members(input))
  const fetch = (lastEvaluatedKey: Json) => {
    const deadline = performance.now() + timeoutMs
    const page = app.storage.send(
      operation,
      { ...request, ExclusiveStartKey: lastEvaluatedKey },
      { deadline, signal },
    )
    // Until the page before it is written, nobody waits for it.
    page.catch(() => undefined)
    return page
  }

  let page: Page = readPage(await app.storage.send(operation, request, { ...limits, signal }), representation)
  const { raw } = reply
  reply.hijack()
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) raw.setHeader(name, value)
  }
  raw.writeHead(200, { 'content-type': ndjson.mediaType })
  // A connection on which nothing is to be written, as the filter finds nothing, is not one whose reader is gone.
  const onIdle = () => undefined
  raw.on('timeout', onIdle)
  try {
    if (page.lines.length === 0) raw.flushHeaders()
    for (;;) {
      const next = page.lastEvaluatedKey && fetch(page.lastEvaluatedKey)
      await write(raw, page.lines, timeoutMs, signal)
      if (next === undefined) break
      page = readPage(await next, representation)
    }
    raw.off('timeout', onIdle)
    raw.end()
  } catch (error) {
    // Unless it is the caller who has hung up, and the answer is over.
    if (!app.calls.delete(signal)) return
    signal.abort()
    const { method, url } = reply.request
    reply.log.error({ method, url, err: error }, 'the answer broke off')
    // Without the end of its last chunk, so that it does not look whole.
    raw.destroy()
  }
}

async function write(
  response: ServerResponse,
  bytes: Buffer,
  timeoutMs: number,
  signal: Cancellation,
): Promise<void> {
  for (let start = 0; start < bytes.length; start += SLICE_BYTES) {
    const taken = response.write(bytes.subarray(start, start + SLICE_BYTES))
    if (!taken) await drained(response, timeoutMs, signal)
  }
}

/** Waits until the reader has taken all that was written. */
function drained(response: ServerResponse, timeoutMs: number, signal: Cancellation): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (error?: Error) => {
      clearTimeout(timer)
      response.off('drain', finish)
      signal.removeEventListener('abort', onAbort)
      if (error === undefined) resolve()
      else reject(error)
    }
    const onAbort = () => {
      finish(new Error('the stream was given up'))
    }
    const timer = setTimeout(() => {
      finish(new Error('the reader took nothing within REQUEST_TIMEOUT_MS'))
    }, timeoutMs)
    response.on('drain', finish)
    signal.addEventListener('abort', onAbort)
    if (signal.aborted) onAbort()
  })
}
