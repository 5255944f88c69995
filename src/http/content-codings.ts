/** Content codings (RFC 9110, section 8.4): what this version of Node.js can read and write. */
import type { Readable, Transform } from 'node:stream'
import * as zlib from 'node:zlib'
import { ZstdFrames } from './zstd-frames.js'

type Encoded = (error: Error | null, bytes: Buffer) => void

/** A coding. */
export interface ContentCoding {
  /** As in `Content-Encoding`. */
  readonly name: string
  /** The stream without the coding, which has all errors. */
  readonly decode: (source: Readable) => Readable
  readonly createEncoder: () => Encoder
  readonly encode: (bytes: Buffer, done: Encoded) => void
  readonly encodeSync: (bytes: Buffer) => Buffer
}

/** Compresses a stream. */
export interface Encoder extends Transform {
  /** Passes on everything that was written so far. */
  readonly flush: (done?: () => void) => void
}

/** Twice as fast as the default level 6, for answers that are a tenth larger. */
const gzipOptions = { level: 3 }

const gzip: ContentCoding = {
  name: 'gzip',
  decode: (source) => source.pipe(zlib.createGunzip()),
  createEncoder: () => zlib.createGzip(gzipOptions),
  encode: (bytes, done) => {
    zlib.gzip(bytes, gzipOptions, done)
  },
  encodeSync: (bytes) => zlib.gzipSync(bytes, gzipOptions),
}

/** What Node.js has from 22.15 on. */
interface Zstd {
  readonly createZstdDecompress: (options: { readonly params: Readonly<Record<number, number>> }) => Transform
  readonly createZstdCompress: () => Encoder
  readonly zstdCompress: (bytes: Buffer, done: Encoded) => void
  readonly zstdCompressSync: (bytes: Buffer) => Buffer
}

function hasZstd(module: object): module is Zstd {
  return 'createZstdDecompress' in module
}

/** Windows larger than 8 MiB are refused, as RFC 8878 recommends (section 3.1.1.1.2): they would take that much memory. */
const ZSTD_WINDOW_LOG = 23

function zstdIn(module: object): readonly ContentCoding[] {
  if (!hasZstd(module)) return []
  const windowLog = (zlib.constants as Readonly<Record<string, number>>)['ZSTD_d_windowLogMax']
  const params = windowLog === undefined ? {} : { [windowLog]: ZSTD_WINDOW_LOG }
  return [
    {
      name: 'zstd',
      decode: (source) => source.pipe(new ZstdFrames()).pipe(module.createZstdDecompress({ params })),
      createEncoder: () => module.createZstdCompress(),
      encode: module.zstdCompress,
      encodeSync: module.zstdCompressSync,
    },
  ]
}

/** The codings, in the order in which the service prefers them. */
export const contentCodings: readonly ContentCoding[] = [...zstdIn(zlib), gzip]

/** The coding that a `Content-Encoding` names; undefined if there is none. `x-gzip` is gzip (section 8.4.1.3). */
export function codingOf(contentEncoding: string): ContentCoding | undefined {
  const coding = contentEncoding.trim().toLowerCase()
  return contentCodings.find(({ name }) => name === coding || `x-${name}` === coding)
}

/** How many headers are remembered: nearly all clients send one of a few. */
const REMEMBERED = 256
const LONG_HEADER = 128
const remembered = new Map<string, ContentCoding | undefined>()

/**
 * The coding that a client prefers (section 12.5.3); undefined if it wants none, or prefers none.
 * @param acceptEncoding the `Accept-Encoding` header; a client that sends none gets no coding
 */
export function acceptedCoding(acceptEncoding: string | undefined): ContentCoding | undefined {
  if (acceptEncoding === undefined) return undefined
  if (remembered.has(acceptEncoding)) return remembered.get(acceptEncoding)
  const coding = preferredCoding(acceptEncoding)
  if (acceptEncoding.length > LONG_HEADER) return coding
  if (remembered.size >= REMEMBERED) remembered.clear()
  remembered.set(acceptEncoding, coding)
  return coding
}

function preferredCoding(acceptEncoding: string): ContentCoding | undefined {
  const qualities = new Map<string, number>()
  for (const part of acceptEncoding.toLowerCase().split(',')) {
    const [name = '', ...parameters] = part.split(';').map((text) => text.trim())
    const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2)
    if (!qualities.has(name)) qualities.set(name, quality === undefined ? 1 : Number(quality) || 0)
  }
  const qualityOf = (name: string) =>
    qualities.get(name) ?? qualities.get(`x-${name}`) ?? qualities.get('*') ?? 0
  // No coding at all is always acceptable. It is preferred only where the header says so.
  let best = qualities.get('identity') ?? 0
  let preferred: ContentCoding | undefined
  for (const coding of contentCodings) {
    const quality = qualityOf(coding.name)
    if (quality > 0 && (preferred === undefined ? quality >= best : quality > best)) {
      preferred = coding
      best = quality
    }
  }
  return preferred
}
