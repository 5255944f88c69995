/** The problems for bytes that are not HTTP, and for heads that arrive too slowly or are too large. */
import { maxHeaderSize } from 'node:http'
import { ProblemError } from '../problem/problem-error.js'

/** An error of Node's event `clientError`. The codes that begin with HPE are those of its parser, llhttp. */
export interface ClientError extends Error {
  readonly code?: string
  readonly rawPacket?: Buffer
}

/** The first byte of a TLS handshake (RFC 8446, section 5.1). */
const TLS_HANDSHAKE = 0x16

export function clientProblem({ code, message, rawPacket }: ClientError): ProblemError {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new ProblemError('RequestTimeout', 'The headers did not arrive within REQUEST_TIMEOUT_MS.')
    case 'HPE_HEADER_OVERFLOW':
      return new ProblemError(
        'HeadersTooLarge',
        `The request line and the headers are larger than ${maxHeaderSize} bytes. Send long keys in the body.`,
      )
    case 'HPE_INVALID_EOF_STATE':
      return malformed('The connection was closed before the whole request had arrived.')
    case 'HPE_INVALID_METHOD':
      return malformed(
        rawPacket?.[0] === TLS_HANDSHAKE
          ? 'This port does not use TLS. Use http:// instead of https://.'
          : 'It does not begin with a known method. Use GET, POST, PUT or DELETE.',
      )
    default:
      return malformed(message)
  }
}

function malformed(detail: string): ProblemError {
  return new ProblemError('InvalidRequest', `Malformed HTTP request: ${detail}`)
}
