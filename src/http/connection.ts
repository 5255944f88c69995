/** One connection of a client: the request that arrives on it, the answers that are owed, and how it is closed. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { type ProblemError, problemResponse } from '../problem/problem-error.js'
import { arrivalFailure, failArrival } from './arrival.js'
import { limitDiscarding, limitRest, lingerOnClose } from './lingering-close.js'

/** A caller that has closed its side has this time to be answered, in ms, before the service looks if it is still there. */
const PROBE_MS = 20
/** The longest time between two looks, in ms. */
const MAX_WATCH_MS = 1000
/** An answer is taken in this many bytes within each timeout; see {@link Connection.isReadTooSlowly}. */
const READ_BYTES = 1024 * 1024

export class Connection {
  /** In ms, by `performance.now()`. */
  readonly openedAt = performance.now()
  readonly #socket: Socket
  readonly #problemBaseUrl: string
  /** The last request that was read; all earlier ones have arrived as a whole. */
  #request: IncomingMessage | undefined
  #requests = 0
  /** Whether `early-refusal.ts` reads the connection. */
  isReadFirst = false
  /** The responses that have not ended, in the order of their requests. */
  readonly #responses: ServerResponse[] = []
  /** No further request is read: one after the last answer could not be answered. */
  #closing = false
  /** What the caller sent after its last request cannot be read. This is answered last. */
  #problem: ProblemError | undefined
  /** The answer that the caller has to read, and by when. */
  #reading: { readonly response: ServerResponse; readonly until: number } | undefined

  /** @param problemBaseUrl `PROBLEM_BASE_URL` */
  constructor(socket: Socket, problemBaseUrl: string) {
    this.#socket = socket
    this.#problemBaseUrl = problemBaseUrl
    lingerOnClose(socket, () => this.#request)
    socket.on('end', this.#onEnd)
    socket.once('close', () => {
      // A pipelined response that waits for an earlier one does not always get its own 'close' (Node.js 20).
      for (const response of this.#responses.slice()) response.emit('close')
    })
  }

  /** True if no further request may be served. */
  get closing(): boolean {
    return this.#closing
  }

  /** The request whose body is still arriving. */
  get arriving(): IncomingMessage | undefined {
    return this.#request?.complete === false ? this.#request : undefined
  }

  /** The number of requests that have begun. */
  get requests(): number {
    return this.#requests
  }

  /** Whether no second request has begun. */
  get isFirstRequest(): boolean {
    return this.#requests === 1
  }

  get isIdle(): boolean {
    return this.#responses.length === 0
  }

  /** Whether no answer to an earlier request is owed. */
  isNext(response: ServerResponse): boolean {
    return this.#responses[0] === response
  }

  /** A request has begun. */
  begin(request: IncomingMessage, response: ServerResponse): void {
    this.#request = request
    this.#requests++
    this.#responses.push(response)
  }

  /** The response has been sent, or the connection is lost. */
  end(request: IncomingMessage, response: ServerResponse): void {
    const index = this.#responses.indexOf(response)
    if (index !== -1) this.#responses.splice(index, 1)
    limitRest(this.#socket, request)
    if (this.#problem !== undefined) this.#refuseRest(this.#problem)
  }

  /** Closes the connection after the last answer that is owed; earlier pipelined ones must not close it. */
  closeAfterAnswers(): void {
    const last = this.#responses.at(-1)
    // Headers that have been sent promise to keep the connection: the answer to the next request closes it.
    if (last === undefined || last.headersSent) return
    last.shouldKeepAlive = false
    this.#closing = true
  }

  /** Whether nothing has arrived. */
  get isUnused(): boolean {
    return this.#requests === 0 && this.#socket.bytesRead === 0
  }

  /** Closes a connection on which nothing has arrived. */
  closeIfUnused(): void {
    if (this.isUnused) this.#socket.destroy()
  }

  /** Nothing more can be read. Answers what is owed, then the problem, and closes. */
  fail(problem: ProblemError): void {
    if (this.#closing || !this.#socket.writable) return
    if (this.arriving === undefined) {
      this.#closing = true
      this.#problem = problem
      this.#refuseRest(problem)
    } else this.failRequest(problem)
  }

  /** The rest of the arriving request does not arrive: the problem is its answer, unless it has been answered. */
  failRequest(problem: ProblemError): void {
    const request = this.arriving
    const response = this.#responses.at(-1)
    if (request === undefined || arrivalFailure(request) !== undefined) return
    if (response?.req !== request || response.headersSent) {
      // It has been answered early, and limitRest() bounds what follows. If nothing does, there is no need to wait.
      if (this.isIdle && this.#socket.readableEnded) this.#socket.destroy()
      return
    }
    this.closeAfterAnswers()
    failArrival(request, problem)
  }

  /**
   * Whether the caller reads an answer too slowly, so that it could hold a slot and memory forever: it has
   * `REQUEST_TIMEOUT_MS` for each MiB. A stream has timeouts of its own until it ends.
   */
  isReadTooSlowly(now: number, requestTimeoutMs: number): boolean {
    const [response] = this.#responses
    if (response?.writableEnded !== true) return false
    if (this.#reading?.response !== response) {
      const steps = Math.ceil((this.#socket.writableLength + 1) / READ_BYTES)
      this.#reading = { response, until: now + steps * requestTimeoutMs }
    }
    return now > this.#reading.until
  }

  #refuseRest(problem: ProblemError): void {
    if (!this.isIdle || !this.#socket.writable) return
    this.#socket.end(problemResponse(problem, randomUUID(), this.#problemBaseUrl))
    limitDiscarding(this.#socket, () => false)
  }

  /**
   * The caller has closed its side. Either it waits for the answers that are owed (`nc -N`), or it has hung up: TCP tells
   * the difference only in response to data. An interim response (RFC 9110, section 15.2) is data without meaning.
   */
  readonly #onEnd = () => {
    if (this.isIdle) return
    this.closeAfterAnswers()
    setTimeout(() => {
      const [response] = this.#responses
      if (response === undefined) return
      // HTTP/1.0 has no interim responses.
      if (!response.headersSent && response.req.httpVersionMinor > 0) response.writeContinue()
      this.#watchForReset(PROBE_MS)
    }, PROBE_MS)
  }

  /** If the caller has hung up, the data causes a reset. Node.js notices it only when it writes, be it nothing. */
  #watchForReset(delayMs: number): void {
    setTimeout(() => {
      if (this.isIdle || !this.#socket.writable) return
      this.#socket.write('')
      this.#watchForReset(Math.min(2 * delayMs, MAX_WATCH_MS))
    }, delayMs)
  }
}
