/** The client: a method for each operation, and iterators over pages. */
import { call, type Connection, type Description, REPRESENTATIONS } from './call.js'
import { type DocumentOperations, operations, type TypedOperations } from './generated/operations.js'
import type { RetryOptions } from './retries.js'

/** A client whose items are documents. Numbers are doubles, which keep 15 digits. */
export type StorageClient = DocumentOperations
/** A client whose items have DynamoDB's own types. Numbers are strings, which keep every digit. */
export type TypedStorageClient = TypedOperations

/** A secret, or a function that gets the current one before each attempt, such as a token that expires. */
export type Secret = string | (() => string | Promise<string>)

export interface ClientOptions {
  /** The address of the service, such as `https://storage.example`; it may have a path. */
  readonly baseUrl: string
  /** An API key, sent as `x-api-key`. */
  readonly apiKey?: Secret | undefined
  /** A token (JWT) or an API key, sent as `authorization: Bearer`; instead of `apiKey`. */
  readonly token?: Secret | undefined
  /** Of one attempt, in milliseconds: 35,000 by default, since the service itself takes up to 30,000. */
  readonly timeoutMs?: number | undefined
  /** 2 retries by default, with waits of up to 5 s. `{ retries: 0 }` for none. */
  readonly retries?: Partial<RetryOptions> | undefined
  /** Instead of the global `fetch`, for example with a proxy. */
  readonly fetch?: typeof fetch | undefined
}

/**
 * A client. It holds no connection, so there is nothing to close.
 * @throws TypeError if the address is no HTTP URL, or if there are both an API key and a token
 */
export function createClient(
  options: ClientOptions & { readonly representation: 'typed' },
): TypedStorageClient
export function createClient(
  options: ClientOptions & { readonly representation?: 'documents' },
): StorageClient
export function createClient(
  options: ClientOptions & { readonly representation?: 'documents' | 'typed' },
): StorageClient | TypedStorageClient {
  const connection = connectionOf(options)
  const methods = Object.entries<Description>(operations).flatMap(([name, operation]) => {
    const method = methodOf(connection, operation)
    if (operation.items === undefined) return [[name, method] as const]
    const pages = pagesOf(method, operation)
    return [
      [name, method] as const,
      [`${name}Pages`, pages] as const,
      [operation.items, itemsOf(pages)] as const,
    ]
  })
  // The table and the interfaces are generated from the same description.
  const client: unknown = Object.fromEntries(methods)
  return client as StorageClient
}

type Method = (...args: readonly unknown[]) => Promise<unknown>
type Pages = (...args: readonly unknown[]) => AsyncGenerator<Page, void>

interface Page {
  readonly items?: readonly unknown[]
  readonly nextPageToken?: string
}

function methodOf(connection: Connection, operation: Description): Method {
  const inPath = operation.path.split('{').length - 1
  const hasBody = operation.body !== undefined
  return async (...args) => {
    const options = args[inPath + (hasBody ? 1 : 0)]
    return call(
      connection,
      operation,
      args.slice(0, inPath) as string[],
      hasBody ? args[inPath] : undefined,
      options as Parameters<typeof call>[4],
    )
  }
}

function pagesOf(method: Method, { path, pages }: Description): Pages {
  const inPath = path.split('{').length - 1
  return async function* (...args) {
    let next: readonly unknown[] = args
    for (;;) {
      const page = (await method(...next)) as Page | undefined
      // 304, of a first page that the caller has.
      if (page === undefined) return
      yield page
      const { nextPageToken: pageToken } = page
      if (pageToken === undefined) return
      next = [
        ...args.slice(0, inPath),
        { ...withoutStart(args[inPath]), pageToken },
        ...(pages === 'body' ? args.slice(inPath + 1) : []),
      ]
    }
  }
}

/** The body or the options of a page, without the key that the first page began at: a token takes its place. */
function withoutStart(parameters: unknown): object {
  const all = Object.entries(parameters ?? {})
  return Object.fromEntries(all.filter(([name]) => name !== 'exclusiveStartKey'))
}

function itemsOf(pages: Pages) {
  return async function* (...args: readonly unknown[]): AsyncGenerator<unknown, void> {
    for await (const { items = [] } of pages(...args)) yield* items
  }
}

function connectionOf({
  baseUrl,
  apiKey,
  token,
  timeoutMs = 35_000,
  retries = {},
  fetch: ownFetch = fetch,
  representation = 'documents',
}: ClientOptions & { readonly representation?: 'documents' | 'typed' }): Connection {
  const { protocol, username, password } = new URL(baseUrl)
  if (!/^https?:$/.test(protocol) || username !== '' || password !== '') {
    throw new TypeError('baseUrl must be an HTTP URL without a user')
  }
  if (apiKey !== undefined && token !== undefined) {
    throw new TypeError('The service takes either an API key or a token')
  }
  return {
    baseUrl: baseUrl.replace(/\/$/, ''),
    credentials: async () => ({
      ...(apiKey !== undefined && { 'x-api-key': await current(apiKey) }),
      ...(token !== undefined && { authorization: `Bearer ${await current(token)}` }),
    }),
    representation: REPRESENTATIONS[representation],
    timeoutMs,
    retries: { retries: 2, baseDelayMs: 200, maxDelayMs: 5_000, ...retries },
    fetch: ownFetch,
  }
}

async function current(secret: Secret): Promise<string> {
  return typeof secret === 'function' ? secret() : secret
}
