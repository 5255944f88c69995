import type { DescribedRoute } from '../../schemas/parts/route-schema.js'
import { essenceOf, preferredMediaType } from '../http/content-negotiation.js'
import { hasBody, refuseMediaType, refuseOtherEncodings } from '../http/request-body.js'
import {
  document,
  MEDIA_TYPES,
  ndjson,
  type Representation,
  requestRepresentation,
  typed,
} from '../items/representation.js'
import { ProblemError } from '../problem/problem-error.js'
import type { ApiRequest } from './call.js'

export interface Negotiated {
  readonly body: Representation
  readonly answer: Representation
  /** Whether the answer is a stream of lines. */
  readonly inLines: boolean
}

// Most requests leave the choice to the service.
const bothDocument: Negotiated = { body: document, answer: document, inLines: false }
const bothTyped: Negotiated = { body: typed, answer: typed, inLines: false }

/**
 * How a route finds out which representations a request and its answer have (RFC 9110, section 12): `Content-Type` names that
 * of the body, and `Accept` that of the answer. By default the answer has the representation of the body.
 *
 * The function throws a `ProblemError` before anything is done for the request. It refuses an `Accept` only if the answer
 * will have a body in one of the representations; an error is always `application/problem+json`.
 */
export function createNegotiation(schema: DescribedRoute): (request: ApiRequest) => Negotiated {
  const takesLines = schema.bodyLines !== undefined
  const givesLines = schema.responseLines !== undefined
  const answersBody = !takesLines && Object.values(schema.response).some(({ type }) => type !== 'null')

  return ({ headers, method, raw }) => {
    if (hasBody(headers)) {
      refuseOtherEncodings(headers)
      checkMediaType(headers['content-type'], method, takesLines)
    } else if (takesLines) checkMediaType(headers['content-type'], method, true)
    const body = requestRepresentation(headers['content-type'])
    const { accept } = headers
    if (accept === undefined || accept === '*/*') return body === typed ? bothTyped : bothDocument
    // In HTTP/1.0 a stream that breaks off looks complete (RFC 9112, section 8).
    const preferred = answerRepresentation(accept, body, givesLines && raw.httpVersion !== '1.0')
    if (preferred === undefined && answersBody && method !== 'HEAD') throw notAcceptable(givesLines)
    const answer = preferred !== undefined && 'decode' in preferred ? preferred : body
    return { body, answer, inLines: preferred === ndjson }
  }
}

/**
 * The representation that `Accept` asks for, undefined if it accepts none. It is that of the request where `Accept`
 * leaves the choice.
 * @param inLines whether the answer can also be a stream of lines
 */
export function answerRepresentation(
  accept: string | undefined,
  request: Representation,
  inLines = false,
): Representation | typeof ndjson | undefined {
  const other = request === typed ? document : typed
  const offers = [request, other, ...(inLines ? [ndjson] : [])]
  return preferredMediaType<Representation | typeof ndjson>(accept, offers)
}

/** @throws ProblemError if the route does not read such a body. Without a type, a body is a document. */
function checkMediaType(contentType: string | undefined, method: string, takesLines: boolean): void {
  if (takesLines) {
    if (essenceOf(contentType) !== ndjson.mediaType) refuseMediaType([ndjson.mediaType])
  } else if (contentType !== undefined && method !== 'GET' && method !== 'HEAD') {
    const mediaType = essenceOf(contentType)
    if (mediaType !== document.mediaType && mediaType !== typed.mediaType) refuseMediaType(MEDIA_TYPES)
  }
}

function notAcceptable(givesLines: boolean): ProblemError {
  const lines = givesLines ? `, or over HTTP/1.1 ${ndjson.mediaType}` : ''
  return new ProblemError('NotAcceptable', `Accept must allow ${MEDIA_TYPES.join(' or ')}${lines}.`)
}
