/** Where the keys of an issuer are read: at a URL, where its OpenID configuration says, or in a file. */
import { unwatchFile, watchFile } from 'node:fs'
import { open } from 'node:fs/promises'
import { isLoopback } from '../config/listen-host.js'
import { version } from '../package-root.js'
import { isRecord } from './is-record.js'
import type { JwtEntry } from './jwt-entry.js'

export interface KeySource {
  /** For logs. Two entries with the same name have the same keys. */
  readonly name: string
  /** Reads the keys, as JSON that has not been checked. */
  readonly read: (signal: AbortSignal) => Promise<unknown>
  /** Calls `changed` each time the keys have changed. Returns what ends that. */
  readonly watch?: (changed: () => void) => () => void
}

/** Real key sets have a few kilobytes. */
const MAX_BYTES = 256 * 1024
/** How often a file is looked at, in ms. Polling also notices the symbolic links that Kubernetes replaces. */
const POLL_MS = 2000

const headers = {
  accept: 'application/json',
  // The next request is minutes away.
  connection: 'close',
  'user-agent': `dynamodb-storage-service/${version}`,
}

export function keySourceOf({ issuer, jwks }: Pick<JwtEntry, 'issuer' | 'jwks'>): KeySource {
  if (jwks === 'discover') {
    return { name: `OpenID configuration of ${issuer}`, read: (signal) => discover(issuer, signal) }
  }
  if (/^https?:/i.test(jwks)) return { name: jwks, read: (signal) => fetchJson(secureUrl(jwks), signal) }
  return { name: jwks, read: () => readJson(jwks), watch: (changed) => watch(jwks, changed) }
}

/** OpenID Connect Discovery 1.0, section 4. */
async function discover(issuer: string, signal: AbortSignal): Promise<unknown> {
  const url = secureUrl(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
  const found = await fetchJson(url, signal)
  const { issuer: named, jwks_uri: jwksUri } = isRecord(found) ? found : {}
  // Otherwise one issuer could speak for another (section 4.3).
  if (named !== issuer) throw new Error(`${url.href} is the configuration of another issuer`)
  if (typeof jwksUri !== 'string') throw new Error(`${url.href} has no jwks_uri`)
  const keysUrl = secureUrl(jwksUri)
  // An issuer elsewhere must not make the service send requests to its own machine.
  if (isLocal(keysUrl) && !isLocal(url)) throw new Error(`${url.href} names keys on loopback`)
  return fetchJson(keysUrl, signal)
}

/** @throws Error unless nobody on the way can replace what the URL returns */
function secureUrl(text: string): URL {
  const url = new URL(text)
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLocal(url))) return url
  throw new Error(`${url.origin} is neither https nor on loopback`)
}

function isLocal({ hostname }: URL): boolean {
  return hostname === 'localhost' || isLoopback(hostname.replace(/^\[|\]$/g, ''))
}

/** Redirects are not followed: they could lead anywhere. */
async function fetchJson(url: URL, signal: AbortSignal): Promise<unknown> {
  const { status, body } = await fetch(url, { headers, signal, redirect: 'manual' }).catch(causeOf)
  const chunks: Uint8Array[] = []
  let size = 0
  // Leaving the loop early closes the connection.
  const parts: AsyncIterable<Uint8Array> | readonly Uint8Array[] = body ?? []
  for await (const chunk of parts) {
    if (status !== 200) break
    size += chunk.length
    if (size > MAX_BYTES) throw new Error(`${url.href} returned more than ${MAX_BYTES} bytes`)
    chunks.push(chunk)
  }
  if (status !== 200) throw new Error(`${url.href} returned status ${status}`)
  return parseJson(Buffer.concat(chunks), url.href)
}

/** fetch says "fetch failed" of all that can go wrong. */
function causeOf(error: unknown): never {
  throw error instanceof Error && error.cause instanceof Error ? error.cause : error
}

async function readJson(path: string): Promise<unknown> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_BYTES + 1), 0, MAX_BYTES + 1, 0)
    if (bytesRead > MAX_BYTES) throw new Error(`${path} has more than ${MAX_BYTES} bytes`)
    return parseJson(buffer.subarray(0, bytesRead), path)
  } finally {
    await file.close()
  }
}

/** The message of JSON.parse would quote the text, which may be a private key in the wrong file. */
function parseJson(json: Buffer, source: string): unknown {
  try {
    return JSON.parse(json.toString())
  } catch {
    throw new Error(`${source} is not valid JSON`)
  }
}

function watch(path: string, changed: () => void): () => void {
  watchFile(path, { interval: POLL_MS, persistent: false }, changed)
  return () => {
    unwatchFile(path, changed)
  }
}
