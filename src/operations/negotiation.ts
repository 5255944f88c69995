import type { DescribedRoute } from '../../schemas/parts/route-schema.js'
import { essenceOf, preferredMediaType } from '../http/content-negotiation.js'
import { hasBody, refuseMediaType, refuseOtherEncodings } from '../http/request-body.js'
import { csv } from '../items/csv-pages.js'
import { lines } from '../items/lines.js'
import {
  document,
  MEDIA_TYPES,
  type Representation,
  requestRepresentation,
  typed,
} from '../items/representation.js'
import type { StreamFormat } from '../items/stream-format.js'
import { ProblemError } from '../problem/problem-error.js'
import type { ApiRequest } from './call.js'

export interface Negotiated {
  readonly body: Representation
  readonly answer: Representation
  /** The format of an answer that is a stream; undefined for an answer that is one JSON value. */
  readonly stream: StreamFormat | undefined
}

/** The formats of streams, in the order of preference. */
const streamFormats: readonly StreamFormat[] = [lines, csv]

// Most requests leave the choice to the service.
const bothDocument: Negotiated = { body: document, answer: document, stream: undefined }
const bothTyped: Negotiated = { body: typed, answer: typed, stream: undefined }

/**
 * How a route finds out which representations a request and its answer have (RFC 9110, section 12): `Content-Type` names that
 * of the body, and `Accept` that of the answer. By default the answer has the representation of the body.
 *
 * The function throws a `ProblemError` before anything is done for the request. It refuses an `Accept` only if the answer
 * will have a body in one of the representations; an error is always `application/problem+json`.
 */
export function createNegotiation(schema: DescribedRoute): (request: ApiRequest) => Negotiated {
  const { bodyStreams, responseStreams = {}, bodyMediaType } = schema
  const taken = bodyStreams === undefined ? undefined : Object.keys(bodyStreams)
  const streams = streamFormats.filter(({ mediaType }) => mediaType in responseStreams)
  const answersBody =
    taken === undefined && Object.values(schema.response).some(({ type }) => type !== 'null')

  return ({ headers, method, raw }) => {
    if (hasBody(headers)) {
      refuseOtherEncodings(headers, taken !== undefined)
      if (bodyMediaType === undefined) checkMediaType(headers['content-type'], method, taken)
      else if (essenceOf(headers['content-type']) !== bodyMediaType) refuseOtherThan(bodyMediaType, method)
    } else if (taken !== undefined) checkMediaType(headers['content-type'], method, taken)
    const body = requestRepresentation(headers['content-type'])
    const { accept } = headers
    if (accept === undefined || accept === '*/*') return body === typed ? bothTyped : bothDocument
    // In HTTP/1.0 a stream that breaks off looks complete (RFC 9112, section 8).
    const preferred = preferredOffer(accept, body, raw.httpVersion === '1.0' ? [] : streams)
    if (preferred === undefined && answersBody && method !== 'HEAD') throw notAcceptable(streams)
    if (preferred !== undefined && 'open' in preferred) return { body, answer: body, stream: preferred }
    return { body, answer: preferred ?? body, stream: undefined }
  }
}

/**
 * The representation or the stream that `Accept` asks for, undefined if it accepts none. It is the representation of the
 * request where `Accept` leaves the choice.
 * @param streams that the answer can also be
 */
export function preferredOffer(
  accept: string | undefined,
  request: Representation,
  streams: readonly StreamFormat[] = [],
): Representation | StreamFormat | undefined {
  const other = request === typed ? document : typed
  return preferredMediaType<Representation | StreamFormat>(accept, [request, other, ...streams])
}

/**
 * Without a type, a body is a document.
 * @param streams the media types of a route that reads streams
 * @throws ProblemError if the route does not read such a body
 */
function checkMediaType(
  contentType: string | undefined,
  method: string,
  streams: readonly string[] | undefined,
): void {
  if (streams !== undefined) {
    if (!streams.includes(essenceOf(contentType) ?? '')) refuseMediaType(streams)
  } else if (contentType !== undefined && method !== 'GET' && method !== 'HEAD') {
    const mediaType = essenceOf(contentType)
    if (mediaType !== document.mediaType && mediaType !== typed.mediaType) refuseMediaType(MEDIA_TYPES)
  }
}

/** @throws ProblemError that says in `Accept-Patch` what to use with PATCH (RFC 5789, section 2.2) */
function refuseOtherThan(mediaType: string, method: string): never {
  const headers = method === 'PATCH' ? { 'accept-patch': mediaType } : undefined
  throw new ProblemError('UnsupportedMediaType', `Content-Type must be ${mediaType}.`, { headers })
}

function notAcceptable(streams: readonly StreamFormat[]): ProblemError {
  const others = streams.map(({ mediaType }) => mediaType).join(' or ')
  const either = others === '' ? '' : `, or over HTTP/1.1 ${others}`
  return new ProblemError('NotAcceptable', `Accept must allow ${MEDIA_TYPES.join(' or ')}${either}.`)
}
