/** Answers of the HTTP server itself. Under overload, refusing takes CPU time away from serving, so they cost little. */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import { dynamodbError, isOwnProtocol } from '../problem/dynamodb-error.js'
import { pathOf, type ProblemError, problemText } from '../problem/problem-error.js'
import { SECURITY_HEADERS } from '../problem/security-headers.js'
import type { ErrorSettings } from '../problem/send-problem.js'

/** What the answer depends on. */
export type RefusedRequest = Pick<IncomingMessage, 'method' | 'url' | 'headers'>

/** The answer that refuses a request: `application/problem+json`, or an error of DynamoDB in its own protocol. */
function refusalOf(
  problem: ProblemError,
  request: RefusedRequest,
  id: string,
  keepAlive: boolean,
  { problemBaseUrl, wireProtocol }: ErrorSettings,
) {
  const { status, headers, body } =
    wireProtocol && isOwnProtocol(request)
      ? dynamodbError(problem, id)
      : {
          status: problem.status,
          headers: { 'content-type': 'application/problem+json' },
          body: Buffer.from(problemText(problem, id, request.url ?? '', problemBaseUrl)),
        }
  return {
    status,
    headers: {
      ...headers,
      'content-length': String(body.length),
      ...(problem.status === 503 && { 'retry-after': '1' }),
      connection: keepAlive ? 'keep-alive' : 'close',
      'x-request-id': id,
      ...SECURITY_HEADERS,
    },
    body,
  }
}

/** Refuses a request without Fastify. */
export function sendRefusal(
  problem: ProblemError,
  request: IncomingMessage,
  response: ServerResponse,
  id: string,
  settings: ErrorSettings,
): void {
  const { status, headers, body } = refusalOf(problem, request, id, response.shouldKeepAlive, settings)
  response.writeHead(status, headers)
  response.end(body)
}

/** Stand for what differs from refusal to refusal; nothing else in an answer looks like them. */
const ID = '~id~'
const PATH = '/~path~'
const LENGTH = '~length~'
const DATE = '~date~'

/**
 * The answer of {@link sendRefusal} as a whole response, which keeps the connection, for requests that are not read by
 * Node.js. Its characters are bytes.
 * @param request an example: its answer has the form of all
 */
export function prepareRefusal(
  problem: ProblemError,
  request: RefusedRequest,
  settings: ErrorSettings,
): (id: string, url: string) => string {
  const example = { ...request, url: request.url === '/' ? '/' : PATH }
  const { status, headers, body } = refusalOf(problem, example, ID, true, settings)
  const lines = Object.entries({ ...headers, 'content-length': LENGTH, Date: DATE }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  )
  const fillHead = template(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n`)
  const fillBody = template(body.toString('latin1'))
  return (id, url) => {
    const text = fillBody({ [ID]: id, [PATH]: pathOf(url) })
    return fillHead({ [ID]: id, [LENGTH]: String(text.length), [DATE]: httpDate() }) + text
  }
}

function template(text: string): (values: Readonly<Record<string, string>>) => string {
  const parts = text.split(/(~id~|\/~path~|~length~|~date~)/)
  return (values) => {
    let filled = ''
    for (const part of parts) filled += values[part] ?? part
    return filled
  }
}

let dateAt = 0
let date = ''

/** The time as in the header `Date` (RFC 9110, section 6.6.1), which has seconds. */
function httpDate(): string {
  const now = Math.floor(Date.now() / 1000)
  if (now !== dateAt) {
    dateAt = now
    date = new Date(now * 1000).toUTCString()
  }
  return date
}
