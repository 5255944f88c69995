/** The import of a stream of lines: it writes as it reads, and never holds more than the lines that are being written. */
import { authorizeWith } from '../access/authorize.js'
import { StreamPatience } from '../http/arrival.js'
import { type Line, RequestLines } from '../http/request-lines.js'
import { readLine } from '../items/lines.js'
import type { Json } from '../json/json.js'
import { importProblem } from '../problem/batch-problem.js'
import { ProblemError } from '../problem/problem-error.js'
import type { NumberedItem } from '../storage/batch/puts.js'
import { ImportError } from '../storage/errors.js'
import { namedTarget } from './access-control.js'
import type { Call } from './call.js'
import { type AnswerBody, jsonAnswer } from './serve.js'

const importOverloaded = new ProblemError(
  'ServiceUnavailable',
  'The service is overloaded. The import stopped.',
  { shedding: 'body_memory' },
)

/**
 * Writes the lines of the request's body.
 * @returns how many were written
 * @throws ProblemError that tells the line at which the import stopped, and what was not written
 */
export async function importLines(call: Call): Promise<number> {
  const { request, reply, representation, limits, observed, services } = call
  const { signal } = limits
  const { storage, admission, config } = services
  const { bodyLimitBytes: maxBytes, requestTimeoutMs: timeoutMs } = config
  const hold = (bytes: number) => {
    if (bytes <= 0) admission.release(request.raw, -bytes)
    else if (!admission.hold(request.raw, bytes)) throw importOverloaded
  }
  const lines = new RequestLines(request.raw, { maxBytes, patience: new StreamPatience(config), hold })
  const interrupt = () => {
    lines.interrupt()
  }
  signal.addEventListener('abort', interrupt)
  // The socket may be idle for long, while DynamoDB throttles: Node.js must not destroy it for that.
  reply.raw.on('timeout', () => undefined)
  const { table = '' } = request.params
  try {
    const source = { items: permittedItems(call, lines), hold, interrupt }
    return await storage.importItems(table, source, {
      timeoutMs,
      maxBytes,
      signal,
      observer: limits.observer,
    })
  } catch (error) {
    if (!(error instanceof ImportError)) throw error
    const { number: line = lines.number, written } = error
    request.log.info({ table, line, written }, 'the import stopped')
    throw importProblem(error, line, representation)
  } finally {
    observed.bytesRead = lines.bytesRead
  }
}

export function answerImport(call: Call, written: number): AnswerBody {
  return jsonAnswer(call, 200, Buffer.from(JSON.stringify({ written })))
}

/** The items of all lines, those together that arrive together, each after it was found that the caller may put it. */
async function* permittedItems(call: Call, lines: RequestLines): AsyncGenerator<Iterable<NumberedItem>> {
  const { caller, request, limits, services } = call
  const { storage, config } = services
  if (caller === undefined) {
    for await (const some of lines) yield itemsIn(call, some)
    return
  }
  const { table } = await namedTarget(call, { action: 'PutItem', table: request.params['table'] ?? '' })
  for await (const some of lines) {
    const deadline = performance.now() + config.requestTimeoutMs
    const keys = await storage.tableKeys(table, { deadline, signal: limits.signal })
    // Decided while the lines are read, so that a refusal names its line.
    yield itemsIn(call, some, (json) => {
      authorizeWith(caller, { action: 'PutItem', table, key: json }, keys)
    })
  }
}

function* itemsIn(
  { observed, services: { observe } }: Call,
  lines: Iterable<Line>,
  check?: (item: Json) => void,
): Generator<NumberedItem> {
  let count = 0
  try {
    for (const { number, bytes } of lines) {
      const json = readLine(bytes)
      if (json === undefined) continue
      check?.(json)
      count++
      yield { number, json }
    }
  } finally {
    observe('streamItems', { direction: 'in', count }, observed)
  }
}
