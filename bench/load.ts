/**
 * Load on anything that carries requests: in a closed loop (each connection sends its next request after the answer to
 * the last one) or in an open loop (requests are due at a fixed rate, independent of the answers).
 */

/** Carries one request at a time. `send` calls back with the status of the answer, or 0 if the connection broke. */
export interface Lane {
  readonly send: (done: (status: number, retryAfter: boolean) => void) => void
  /** Cancels the request that it carries. Its callback is not called. */
  readonly abandon?: () => void
}

export interface Load {
  readonly connections: number
  /** The duration of sending, in seconds. */
  readonly seconds: number
  /** The maximum number of requests. */
  readonly requests?: number
  /** The rate of an open loop, in requests per second. Without it, the loop is closed. */
  readonly rate?: number
}

export interface Measured {
  /** The number of answers by status; 0 is a broken connection. */
  readonly statuses: Readonly<Record<number, number>>
  /** The number of answers with 503 and `Retry-After`. */
  readonly withRetryAfter: number
  /**
   * Latencies of successful requests in ms, sorted. In an open loop they count from when a request was due, not from
   * when it was sent.
   */
  readonly served: Float64Array
  /** Latencies of all other answers. */
  readonly refused: Float64Array
  /** The time from the first request to the last answer. */
  readonly seconds: number
  /** Requests that were due but not sent, because all connections were waiting for answers. */
  readonly unsent: number
  /** Requests without an answer at the end of the wait for the last ones. */
  readonly unanswered: number
  /** The 99.9th percentile of the generator's own delay, in ms: a request was due and a connection was free. */
  readonly lateMs: number
}

/** The longest wait for the last answers, in ms. */
const DRAIN_MS = 10_000

export function run(lanes: readonly Lane[], { seconds, requests = Infinity, rate }: Load): Promise<Measured> {
  const total = rate === undefined ? requests : Math.min(requests, Math.floor(rate * seconds))
  const statuses: Record<number, number> = {}
  const served: number[] = []
  const refused: number[] = []
  const late: number[] = []
  const free = [...lanes]
  let withRetryAfter = 0
  let sent = 0
  let answered = 0
  /** A due request has to wait for a connection, so its delay does not count as the generator's own. */
  let starved = false
  const start = performance.now()
  const end = start + seconds * 1000

  return new Promise((resolve) => {
    const giveUp = setTimeout(finish, seconds * 1000 + DRAIN_MS)
    let finished = false

    function finish(): void {
      if (finished) return
      finished = true
      clearTimeout(giveUp)
      for (const lane of lanes) if (!free.includes(lane)) lane.abandon?.()
      resolve({
        statuses,
        withRetryAfter,
        served: Float64Array.from(served).sort(),
        refused: Float64Array.from(refused).sort(),
        seconds: (performance.now() - start) / 1000,
        unsent: rate === undefined ? 0 : total - sent,
        unanswered: sent - answered,
        lateMs: quantile(Float64Array.from(late).sort(), 0.999),
      })
    }

    function pump(): void {
      const now = performance.now()
      let lane: Lane | undefined
      while (sent < total && now < end) {
        const due = rate === undefined ? now : start + (sent * 1000) / rate
        if (due > now) break
        lane = free.pop()
        if (lane === undefined) break
        if (!starved && rate !== undefined) late.push(now - due)
        sent++
        dispatch(lane, due)
      }
      starved = free.length === 0
      if (answered === sent && (sent >= total || now >= end)) finish()
    }

    function dispatch(lane: Lane, due: number): void {
      lane.send((status, retryAfter) => {
        if (finished) return
        statuses[status] = (statuses[status] ?? 0) + 1
        if (status === 200) served.push(performance.now() - due)
        else if (status !== 0) refused.push(performance.now() - due)
        if (retryAfter) withRetryAfter++
        answered++
        free.push(lane)
        pump()
      })
    }

    // Timers are too coarse for thousands of requests per second: spin shortly before a request is due.
    function tick(): void {
      pump()
      if (finished) return
      const untilDue = start + (sent * 1000) / (rate ?? 1) - performance.now()
      if (starved || sent >= total || untilDue > 2) setTimeout(tick, 1)
      else setImmediate(tick)
    }

    if (rate === undefined) pump()
    else tick()
  })
}

/** A quantile of sorted values; NaN if there are none. */
export function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)] ?? NaN
}

/**
 * Runs the loads that the parent process sends, one at a time, and sends the measurements back.
 * @param open opens this number of lanes to a target, whose name or JSON came from the parent
 */
export function serveLoads(open: (target: string, connections: number) => Promise<Lane[]>): void {
  process.on('message', ({ target, load }: { target: string; load: Load }) => {
    void open(target, load.connections)
      .then((lanes) => run(lanes, load))
      .then((measured) => process.send?.(measured))
  })
}
