/**
 * Load on anything that carries requests: in a closed loop (each connection sends its next request when it has its
 * answer) or in an open one (requests are due at a fixed rate, whatever the answers do).
 */

/** Carries one request at a time. `send` calls back with the answer's status, or with 0 where the connection broke. */
export interface Lane {
  readonly send: (done: (status: number, retryAfter: boolean) => void) => void
  /** Gives up the request that it carries; it does not call back any more. */
  readonly abandon?: () => void
}

export interface Load {
  readonly connections: number
  /** No request is sent after so many seconds. */
  readonly seconds: number
  /** Nor more than so many. */
  readonly requests?: number
  /** Requests per second that are due in an open loop. Without it the loop is closed. */
  readonly rate?: number
}

export interface Measured {
  /** How often each status came; 0 stands for a broken connection. */
  readonly statuses: Readonly<Record<number, number>>
  /** Of the answers with 503, those with `Retry-After`. */
  readonly withRetryAfter: number
  /** In ms, sorted. In an open loop they run from when a request was due, not from when it could be sent. */
  readonly served: Float64Array
  /** The same of all other answers. */
  readonly refused: Float64Array
  /** From the first request to the last answer. */
  readonly seconds: number
  /** Requests that were due but never sent, as all connections were waiting for answers. */
  readonly unsent: number
  /** Requests without an answer when the wait for it was given up. */
  readonly unanswered: number
  /** What the generator itself was late with a request though a connection was free, in ms, the worst but 0.1 %. */
  readonly lateMs: number
}

/** So long the last answers are waited for. */
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
  /** What is due has to wait for a connection: that it is late is not the generator's fault. */
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

    // Timers are too coarse for a rate of thousands per second: shortly before a request is due, spin.
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

/** A value of sorted ones; NaN where there is none. */
export function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)] ?? NaN
}

/**
 * Makes this process one that runs the loads its parent sends it, one at a time, and sends back what it measured.
 * @param open makes so many lanes to a target, whose name or JSON came from the parent
 */
export function serveLoads(open: (target: string, connections: number) => Promise<Lane[]>): void {
  process.on('message', ({ target, load }: { target: string; load: Load }) => {
    void open(target, load.connections)
      .then((lanes) => run(lanes, load))
      .then((measured) => process.send?.(measured))
  })
}
