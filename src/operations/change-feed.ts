/** A change feed: the answer to a subscriber, for as long as it listens. */
import { isDeepStrictEqual } from 'node:util'
import { AnswerStream } from '../http/answer-stream.js'
import { changesAs } from '../items/change-format.js'
import { Cancellation } from '../storage/call/cancellation.js'
import { SlowSubscriberError, StreamNotEnabledError } from '../storage/streams/errors.js'
import type { Call } from './call.js'
import { idOfPosition } from './change-position.js'
import { changeFormat, type Following } from './changes.js'

/** Clients connect again after a time between these, in ms, so that those of a replica that ends do not come all at once. */
const RETRY_MS = [1000, 3000] as const

/** A longer id, that of a table with 30 shards or more, could be too long for the proxies on the way. */
const MAX_HEADER_LENGTH = 1024

/**
 * Sends changes until the client disconnects, the service drains, or the caller may not go on. Then the feed ends as if it
 * were complete. An error, such as a reader that is too slow, breaks it off. Either way the client connects again, and goes
 * on behind the last change that it got.
 */
export async function sendChanges(call: Call, { table, subscription }: Following): Promise<undefined> {
  const { request, reply, representation, limits, observed, services } = call
  const { config, changeFeeds, inFlight, lifecycle } = services
  const format = changeFormat(call)
  observed.isFeed = true
  let told = subscription.position()
  const begin = idOfPosition(call, table, told)
  if (begin.length <= MAX_HEADER_LENGTH) reply.header('last-event-id', begin)
  // Ends a wait for the reader.
  const stopped = new Cancellation()
  const stop = () => {
    stopped.abort()
  }
  limits.signal.addEventListener('abort', stop)
  subscription.cutOff.addEventListener('abort', stop)
  const answer = new AnswerStream(reply, {
    contentType: format.mediaType,
    // Never compressed: an encoder takes 200 KB and more for each subscriber, for as long as it listens.
    acceptEncoding: undefined,
    timeoutMs: config.requestTimeoutMs,
    signal: stopped,
    sent: (bytes) => {
      observed.bytesWritten += bytes
    },
  })
  const feed = {
    end: () => {
      subscription.close()
    },
  }
  limits.signal.addEventListener('abort', feed.end)

  let isIdle = false
  const beat = () => {
    if (!isIdle) return
    const position = subscription.position()
    const id = position === told ? undefined : idOfPosition(call, table, position)
    if (answer.fill(format.heartbeat(id))) told = position
  }
  const timer = setInterval(() => {
    void mayGoOn(call).then((may) => {
      if (may) beat()
      else feed.end()
    })
  }, changeFeeds.heartbeatMs)
  // A caller that has closed its side may have hung up, which only shows when data are sent.
  const { socket } = reply.raw
  socket?.once('end', beat)
  changeFeeds.add(feed)
  try {
    const isHead = request.method === 'HEAD'
    if (isHead || lifecycle.draining || limits.signal.aborted) feed.end()
    await answer.write(
      Buffer.from(isHead ? '' : format.start(begin, retryMs(), reply.hasHeader('last-event-id'))),
    )
    isIdle = true
    for await (const batch of subscription) {
      isIdle = false
      const changes = batch.map(({ change, id }) => {
        told = id()
        return { change, id: idOfPosition(call, table, told) }
      })
      await answer.write(changesAs(format, changes, representation))
      services.observe('streamItems', { direction: 'out', count: batch.length }, observed)
      isIdle = true
    }
    isIdle = false
    answer.end()
  } catch (error) {
    isIdle = false
    // If the caller has disconnected, the request has ended already.
    if (!inFlight.remove(limits.signal)) return undefined
    // There is nothing more to come. A client that connects again gets that as its answer.
    if (error instanceof StreamNotEnabledError) {
      answer.end()
      return undefined
    }
    limits.signal.abort()
    const cause = subscription.cutOff.aborted ? new SlowSubscriberError() : error
    observed.brokenOffBy = cause instanceof Error ? cause : new Error('the change feed broke off')
    answer.breakOff()
  } finally {
    clearInterval(timer)
    changeFeeds.remove(feed)
    socket?.off('end', beat)
    limits.signal.removeEventListener('abort', feed.end)
    limits.signal.removeEventListener('abort', stop)
    subscription.cutOff.removeEventListener('abort', stop)
    subscription.close()
  }
  return undefined
}

function retryMs(): number {
  const [least, most] = RETRY_MS
  return Math.round(least + Math.random() * (most - least))
}

/** Whether the credentials of the caller are still valid, and its grants are still those that the feed began with. */
async function mayGoOn({ request, caller, services: { access } }: Call): Promise<boolean> {
  if (access === undefined || caller === undefined) return true
  try {
    const now = await access.authenticate(request.headers)
    return now === caller || isDeepStrictEqual(now.grants, caller.grants)
  } catch {
    return false
  }
}
