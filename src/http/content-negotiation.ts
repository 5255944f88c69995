/** Proactive content negotiation: the `Accept` header and the media type of `Content-Type` (RFC 9110, 12.5.1 and 8.3). */

/**
 * The offer that the client prefers, undefined if it accepts none. The highest quality wins; of equal qualities, an
 * offer that is named wins over one that a wildcard matches, and then the earlier offer wins. Takes time in proportion to
 * the length of the header.
 * @param accept the `Accept` header; without one the client accepts anything
 * @param offers in the service's order of preference; media types in lower case, without parameters
 */
export function preferredMediaType<Offer extends { readonly mediaType: string }>(
  accept: string | undefined,
  offers: readonly Offer[],
): Offer | undefined {
  const [preferred] = offers
  // Nearly all clients send one of these.
  if (accept === undefined || accept === '' || accept === '*/*' || accept === preferred?.mediaType)
    return preferred
  const ranges = readAccept(accept)
  let best: Offer | undefined
  let bestRank = 0
  for (const offer of offers) {
    const rank = rankOf(offer.mediaType, ranges)
    if (rank > bestRank) [best, bestRank] = [offer, rank]
  }
  return best
}

/** A media type without its parameters, in lower case, as in `application/json` for `Application/JSON; charset=utf-8`. */
export function essenceOf(contentType: string | undefined): string | undefined {
  return contentType?.split(';', 1)[0]?.trim().toLowerCase()
}

/** The quality of each media range, such as `application/*`. Of a range that occurs twice the first one counts. */
type Ranges = ReadonlyMap<string, number>

function readAccept(accept: string): Ranges {
  const ranges = new Map<string, number>()
  for (const range of accept.split(',')) {
    // Parameters other than `q` select nothing: no media type that is offered here has variants.
    const [mediaType = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
    const quality = parameters.find((parameter) => parameter.startsWith('q='))
    if (!ranges.has(mediaType)) {
      ranges.set(mediaType, quality === undefined ? 1 : Number(quality.slice(2)) || 0)
    }
  }
  return ranges
}

/** A quality has three decimals, so that being named weighs less than any difference between two qualities. */
const NAMED = 0.0005

/** 0 if a media type is not accepted. Only the most specific range that matches it counts (RFC 9110, 12.5.1). */
function rankOf(mediaType: string, ranges: Ranges): number {
  const named = ranges.get(mediaType)
  if (named !== undefined) return named > 0 ? named + NAMED : 0
  return ranges.get(`${mediaType.split('/', 1)[0] ?? ''}/*`) ?? ranges.get('*/*') ?? 0
}
