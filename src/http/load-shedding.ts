/**
 * Adaptive load shedding, by the delay of the event loop. A request waits for this process until it is read, and until
 * DynamoDB's answer is read; each takes at most one turn of the event loop. Requests that wait for DynamoDB delay nobody, so
 * their number is not what is limited: a slow DynamoDB leaves room for many.
 *
 * Under overload, each turn admits the requests that it reads first, which have waited longest, and leaves the others to be
 * refused. So turns stay short, and the CPU is busy with requests that are served. A fixed number of requests would be too
 * many for queries, and too few for gets from a slow DynamoDB.
 */
import { performance } from 'node:perf_hooks'

/** Fewer in-flight requests than this do not overload the process, and nothing is measured. */
const BUSY = 128
/** Two turns that take this time together, in ms, are an overload. One alone may be a pause of the garbage collector. */
const OVERLOADED_MS = 100
/**
 * So are two turns in a row that take this time, in ms, and add a quarter to the in-flight requests: a number of callers who wait
 * for their answers does not grow. This finds a sudden overload before a thousand requests wait.
 */
const GROWING_MS = 10
const GROWTH = 1.25
/** So many requests are served even then: a few that take long must not keep out all others. */
const FEW = 32
/** A turn admits requests for this time, in ms, or for this share of the last turn: refusing must not take all the time. */
const ADMITTING_MS = 1
const ADMITTING_SHARE = 0.25
/** The overload is over when the event loop was idle for this share of a time of so many ms. */
const IDLE = 0.05
const WINDOW_MS = 100

export class LoadShedding {
  readonly #queued: () => number
  #isOverloaded = false
  /** When the current turn read its first request, in ms; undefined if it is not measured. */
  #turnBegan: number | undefined
  #inFlight = 0
  /** The last turn that was measured. */
  #last = { endedAt: -Infinity, ms: 0, inFlight: 0, grew: false }
  #window = { began: 0, utilization: performance.eventLoopUtilization() }

  /** @param queued how many calls wait for a connection to DynamoDB: under overload, this queue must not grow, either */
  constructor(queued: () => number) {
    this.#queued = queued
  }

  get isOverloaded(): boolean {
    return this.#isOverloaded
  }

  /** Whether a request that has just been read must be refused, while so many are in flight. */
  refuses(inFlight: number): boolean {
    if (inFlight < (this.#isOverloaded ? FEW : BUSY)) return false
    const now = performance.now()
    this.#inFlight = inFlight
    if (this.#turnBegan === undefined) {
      this.#turnBegan = now
      setImmediate(this.#endTurn)
    }
    if (!this.#isOverloaded) {
      if (!this.#last.grew || !this.#grows(this.#turnBegan, now)) return false
      this.#begin(now)
    }
    const admittingMs = Math.max(ADMITTING_MS, ADMITTING_SHARE * this.#last.ms)
    return now - this.#turnBegan > admittingMs || this.#queued() > 0
  }

  #grows(began: number, now: number): boolean {
    const { endedAt, inFlight } = this.#last
    const before = began - endedAt < OVERLOADED_MS ? inFlight : 0
    return now - began > GROWING_MS && this.#inFlight > GROWTH * before
  }

  #begin(now: number): void {
    this.#isOverloaded = true
    this.#window = { began: now, utilization: performance.eventLoopUtilization() }
  }

  /** Everything has been read that had arrived when the turn began. */
  readonly #endTurn = () => {
    const now = performance.now()
    const began = this.#turnBegan ?? now
    const ms = now - began
    const last = this.#last
    const inFlight = this.#inFlight
    const grew = this.#grows(began, now)
    this.#turnBegan = undefined
    this.#last = { endedAt: now, ms, inFlight, grew }
    if (!this.#isOverloaded) {
      const inRow = began - last.endedAt < OVERLOADED_MS
      if (inRow && ms + last.ms > OVERLOADED_MS) this.#begin(now)
    } else if (now - this.#window.began > WINDOW_MS) {
      const { utilization } = performance.eventLoopUtilization(this.#window.utilization)
      if (utilization > 1 - IDLE) this.#begin(now)
      else this.#isOverloaded = false
    }
  }
}
