/** A client that follows changes, and reads what arrives as it arrives. */
import type { Test } from 'tap'
import { within } from './within.js'

/** A change as a client gets it. */
export interface ReceivedChange {
  readonly id: string
  readonly event: string
  readonly keys: Record<string, unknown>
  readonly newItem?: Record<string, unknown>
  readonly oldItem?: Record<string, unknown>
  readonly at: string
  readonly sequenceNumber: string
}

export class ChangeFeedClient {
  readonly status: number
  readonly headers: Headers
  /** Everything that has arrived so far. */
  text = ''
  /** How the answer has ended; undefined while it goes on. */
  ended: 'complete' | 'broken off' | undefined
  readonly #abort: AbortController

  private constructor(response: Response, abort: AbortController) {
    this.status = response.status
    this.headers = response.headers
    this.#abort = abort
    void this.#read(response.body)
  }

  /** Connects; it disconnects with the test. */
  static async open(
    t: Test,
    url: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<ChangeFeedClient> {
    const abort = new AbortController()
    t.teardown(() => {
      abort.abort()
    })
    return new ChangeFeedClient(await fetch(url, { headers, signal: abort.signal }), abort)
  }

  /** The changes so far, whatever the format. */
  get changes(): readonly ReceivedChange[] {
    return this.text
      .split('\n')
      .slice(0, -1)
      .map((line) => line.replace(/^data: /, ''))
      .filter((line) => line.startsWith('{"id":') && line.includes('"event":'))
      .map((line) => JSON.parse(line) as ReceivedChange)
  }

  /** The id that an `EventSource`, or a client that reads lines, has kept. */
  get lastId(): string | undefined {
    return [...this.text.matchAll(/^(?:id: |\{"id":")([\w-]+)/gm)].at(-1)?.[1]
  }

  /** Waits for so many changes. */
  async received(count: number, ms = 10_000): Promise<readonly ReceivedChange[]> {
    await within(ms, () => this.changes.length >= count || this.ended !== undefined)
    return this.changes
  }

  disconnect(): void {
    this.#abort.abort()
  }

  async #read(body: Response['body']): Promise<void> {
    const decoder = new TextDecoder()
    try {
      if (body !== null)
        for await (const bytes of body) this.text += decoder.decode(bytes as Uint8Array, { stream: true })
      this.ended = 'complete'
    } catch {
      this.ended = 'broken off'
    }
  }
}
