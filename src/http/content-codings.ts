/** Content codings (RFC 9110, section 8.4). */
import type { Transform } from 'node:stream'
import * as zlib from 'node:zlib'

/** A coding that this version of Node.js can read. */
export interface Decoder {
  /** As in `Content-Encoding`. */
  readonly coding: string
  readonly create: () => Transform
}

const gzip: Decoder = { coding: 'gzip', create: () => zlib.createGunzip() }

/** Windows larger than 8 MiB are refused, as RFC 8878 recommends (section 3.1.1.1.2): they would take that much memory. */
const ZSTD_WINDOW_LOG = 23

/** What Node.js has from 22.15 on. */
interface ZstdDecompression {
  readonly createZstdDecompress: (options: { readonly params: Readonly<Record<number, number>> }) => Transform
}

function hasZstd(module: object): module is ZstdDecompression {
  return 'createZstdDecompress' in module
}

/** The decoders, in the order of preference. */
export const decoders: readonly Decoder[] = [gzip, ...zstdDecoders(zlib)]

function zstdDecoders(module: object): Decoder[] {
  if (!hasZstd(module)) return []
  const windowLog = (zlib.constants as Readonly<Record<string, number>>)['ZSTD_d_windowLogMax']
  if (windowLog === undefined) return []
  const params = { [windowLog]: ZSTD_WINDOW_LOG }
  return [{ coding: 'zstd', create: () => module.createZstdDecompress({ params }) }]
}

/** The decoder for a `Content-Encoding`; undefined if there is none. `x-gzip` is gzip (section 8.4.1.3). */
export function decoderFor(coding: string): Decoder | undefined {
  const name = coding.trim().toLowerCase()
  return decoders.find(({ coding }) => coding === name || `x-${coding}` === name)
}
