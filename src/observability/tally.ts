/** Adds up what happens in each request, for those who are told when it ends. */
import { ignore, type Subscriber } from './events.js'

export const tally: Subscriber = {
  attemptEnded: ({ durationMs }, request) => {
    if (request === undefined) return
    request.attempts++
    request.upstreamMs += durationMs
  },
  retrying: ({ delayMs }, request) => {
    if (request !== undefined) request.retryMs += delayMs
  },
  batchEntries: ({ delayMs = 0 }, request) => {
    if (request !== undefined) request.retryMs += delayMs
  },
  capacityConsumed: ({ units }, request) => {
    if (request !== undefined) request.capacityUnits = (request.capacityUnits ?? 0) + units
  },
  writeMaybeApplied: ignore,
  requestStarted: ignore,
  requestEnded: ignore,
  requestRefused: ignore,
  streamItems: ({ count }, request) => {
    if (request !== undefined) request.items = (request.items ?? 0) + count
  },
  readsShared: ignore,
  sharingFailed: ignore,
  changesRead: ignore,
  changeSubscribers: ignore,
}
