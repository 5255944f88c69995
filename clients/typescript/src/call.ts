/** One call of an operation: its URL, headers and body, its attempts, and its answer. */
import { ConnectionError, errorOf, StorageError, TimeoutError } from './errors.js'
import { canRetry, type RetryOptions, waitBefore } from './retries.js'

/** A body that is sent as it is. Only text and bytes can be sent again after an error. */
export type Body = string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>

/** Options that every operation takes. */
export interface CallOptions {
  /** Cancels the call. */
  readonly signal?: AbortSignal | undefined
  /** Of one attempt, in milliseconds, instead of the client's. */
  readonly timeoutMs?: number | undefined
  /** Gets the status and the headers of the answer, such as `etag`. */
  readonly onAnswer?: ((answer: { readonly status: number; readonly headers: Headers }) => void) | undefined
}

/** What an operation sends. */
export interface Description {
  readonly method: string
  /** Such as `/v1/tables/{table}/put`. */
  readonly path: string
  /** Whether it changes nothing. */
  readonly reads: boolean
  /** The media type of its body. */
  readonly body?: string
  /** The names of its parameters in the URL, by the names of the options. */
  readonly query?: Readonly<Record<string, string>>
  /** The names of its headers, by the names of the options. */
  readonly headers?: Readonly<Record<string, string>>
  /** Where the token of a page goes, if it answers pages. */
  readonly pages?: 'body' | 'query'
  /** The name of the iterator over the items of all pages. */
  readonly items?: string
}

export interface Connection {
  readonly baseUrl: string
  readonly credentials: () => Promise<Readonly<Record<string, string>>>
  /** The media type of items. */
  readonly representation: string
  readonly timeoutMs: number
  readonly retries: RetryOptions
  readonly fetch: typeof fetch
}

type Options = CallOptions & Readonly<Record<string, unknown>>

const DOCUMENT = 'application/json'
const TYPED = 'application/vnd.dynamodb+json'

/**
 * Sends a request, and again while its error allows it.
 * @param path the values in the path, in their order
 * @returns the parsed body, undefined without one
 * @throws StorageError
 */
export async function call(
  connection: Connection,
  operation: Description,
  path: readonly string[],
  body: unknown,
  options: Options = {},
): Promise<unknown> {
  const url = urlOf(connection.baseUrl, operation, path, options)
  const request = {
    method: operation.method,
    headers: headersOf(connection, operation, options),
    ...(body !== undefined && { body: isBody(body) ? body : JSON.stringify(body) }),
  }
  const isOnce = body instanceof ReadableStream
  const isSafe = operation.reads || request.headers.has('idempotency-key')
  for (let attempt = 1; ; attempt++) {
    try {
      return await once(connection, url, request, options)
    } catch (error) {
      if (!(error instanceof StorageError) || isOnce) throw error
      if (attempt > connection.retries.retries || !canRetry(error, isSafe)) throw error
      await waitBefore(attempt, error, connection.retries, options.signal)
    }
  }
}

/** One attempt. */
async function once(
  connection: Connection,
  url: string,
  request: { readonly method: string; readonly headers: Headers; readonly body?: Body },
  { signal, timeoutMs = connection.timeoutMs, onAnswer }: CallOptions,
): Promise<unknown> {
  const timeout = AbortSignal.timeout(timeoutMs)
  const headers = new Headers(request.headers)
  for (const [name, value] of Object.entries(await connection.credentials())) headers.set(name, value)
  try {
    const response = await connection.fetch(url, {
      ...request,
      headers,
      // The credentials are for this service only.
      redirect: 'error',
      signal: signal == null ? timeout : AbortSignal.any([signal, timeout]),
      ...(request.body instanceof ReadableStream && { duplex: 'half' }),
    })
    const text = await response.text()
    if (response.status >= 400) throw errorOf(response.status, response.headers, text)
    onAnswer?.({ status: response.status, headers: response.headers })
    return text === '' ? undefined : (JSON.parse(text) as unknown)
  } catch (error) {
    if (error instanceof StorageError) throw error
    // The caller's own reason to cancel.
    if (signal?.aborted === true) throw signal.reason
    if (timeout.aborted) throw new TimeoutError(timeoutMs, { cause: error })
    throw new ConnectionError(error)
  }
}

function urlOf(
  baseUrl: string,
  { path, query = {} }: Description,
  values: readonly string[],
  options: Options,
) {
  const rest = [...values]
  const filled = path.replace(/\{\w+\}/g, () => segment(rest.shift()))
  const search = new URLSearchParams()
  for (const [option, name] of Object.entries(query)) {
    const value = options[option]
    if (value !== undefined) search.set(name, textOf(option, value))
  }
  return `${baseUrl}${filled}${search.size === 0 ? '' : `?${search.toString()}`}`
}

/** A value in a path. `.` and `..` would be removed with the segment before them, even percent-encoded. */
function segment(value: unknown): string {
  if (typeof value !== 'string' || value === '' || value === '.' || value === '..') {
    throw new TypeError(
      `${JSON.stringify(value)} cannot be a part of a URL: use the operation with the key in its body`,
    )
  }
  return encodeURIComponent(value)
}

function headersOf(
  { representation }: Connection,
  { body, headers: names = {} }: Description,
  options: Options,
) {
  const headers = new Headers({ accept: `${representation}, application/problem+json` })
  if (body !== undefined) headers.set('content-type', body === DOCUMENT ? representation : body)
  for (const [option, name] of Object.entries(names)) {
    const value = options[option]
    if (value !== undefined) headers.set(name, textOf(option, value))
  }
  return headers
}

function textOf(option: string, value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return String(value)
  throw new TypeError(`${option} must be a text, a number or a boolean`)
}

function isBody(value: unknown): value is Body {
  return typeof value === 'string' || value instanceof Uint8Array || value instanceof ReadableStream
}

/** The media types of items, by the name of their representation. */
export const REPRESENTATIONS = { documents: DOCUMENT, typed: TYPED } as const
