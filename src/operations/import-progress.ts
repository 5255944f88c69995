/** An import's answer in lines: every second how far it is, and in the last line how it ended. */
import { AnswerStream } from '../http/answer-stream.js'
import { ndjson } from '../items/representation.js'
import { type ProblemError, problemText } from '../problem/problem-error.js'
import type { Call } from './call.js'

const INTERVAL_MS = 1000

/** How far an import is. */
export interface Progress {
  /** The items that are written or deleted. */
  readonly written: number
  /** The line that is being read. */
  readonly line: number
}

/**
 * The answer begins with the first line of progress. An import that ends earlier is answered as without progress, so
 * that most errors have their own status; later ones are the last line of an answer with status 200.
 */
export class ImportProgress {
  readonly #call: Call
  readonly #timer: NodeJS.Timeout
  #answer: AnswerStream | undefined

  /** @param current is asked every second */
  constructor(call: Call, current: () => Progress) {
    this.#call = call
    this.#timer = setInterval(() => {
      this.#answer ??= this.#begin()
      this.#answer.fill(`${JSON.stringify(current())}\n`)
    }, INTERVAL_MS)
  }

  /** No more progress is told. */
  stop(): void {
    clearInterval(this.#timer)
  }

  /** Ends the answer, if it has begun; false if not. */
  end(last: object): boolean {
    return this.#end(JSON.stringify(last))
  }

  /** Ends the answer with a problem, if it has begun; false if not. */
  fail(problem: ProblemError): boolean {
    const { request, services } = this.#call
    if (this.#answer !== undefined) request.problem = problem
    return this.#end(problemText(problem, request.id, request.url, services.config.problemBaseUrl))
  }

  breakOff(): void {
    this.#answer?.breakOff()
  }

  #begin(): AnswerStream {
    const { request, reply, limits, observed, services } = this.#call
    return new AnswerStream(reply, {
      contentType: ndjson.mediaType,
      acceptEncoding: request.headers['accept-encoding'],
      timeoutMs: services.config.requestTimeoutMs,
      signal: limits.signal,
      sent: (bytes) => {
        observed.bytesWritten += bytes
      },
    })
  }

  #end(line: string): boolean {
    if (this.#answer === undefined) return false
    this.#answer.end(`${line}\n`)
    return true
  }
}
