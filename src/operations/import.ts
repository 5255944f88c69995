/** The import of a stream of lines: it writes as it reads, and never holds more than the lines that are being written. */
import type { Call } from './call.js'
import { type AnswerBody, jsonAnswer } from './serve.js'
import { overloaded } from '../http/admission.js'
import { StreamPatience } from '../http/arrival.js'
import { type Line, RequestLines } from '../http/request-lines.js'
import { readLine } from '../items/lines.js'
import { importProblem } from '../problem/batch-problem.js'
import { ProblemError } from '../problem/problem-error.js'
import type { NumberedItem } from '../storage/batch/puts.js'
import { ImportError } from '../storage/errors.js'

/**
 * Writes the lines of the request's body.
 * @returns how many were written
 * @throws ProblemError that tells the line at which the import stopped, and what was not written
 */
export async function importLines({
  request,
  reply,
  representation,
  limits: { signal },
  services: { storage, admission, config },
}: Call): Promise<number> {
  const { bodyLimitBytes: maxBytes, requestTimeoutMs: timeoutMs } = config
  const hold = (bytes: number) => {
    if (bytes <= 0) admission.release(request.raw, -bytes)
    else if (!admission.hold(request.raw, bytes)) throw new ProblemError(overloaded.code, IMPORT_OVERLOADED)
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
    const source = { items: itemsOf(lines), hold, interrupt }
    return await storage.importItems(table, source, { timeoutMs, maxBytes, signal })
  } catch (error) {
    if (!(error instanceof ImportError)) throw error
    const { number: line = lines.number, written } = error
    request.log.info({ table, line, written }, 'the import stopped')
    throw importProblem(error, line, representation)
  }
}

const IMPORT_OVERLOADED = 'The service is overloaded. The import stopped.'

export function answerImport(call: Call, written: number): AnswerBody {
  return jsonAnswer(call, 200, Buffer.from(JSON.stringify({ written })))
}

async function* itemsOf(lines: RequestLines): AsyncGenerator<Iterable<NumberedItem>> {
  for await (const some of lines) yield itemsIn(some)
}

function* itemsIn(lines: Iterable<Line>): Generator<NumberedItem> {
  for (const { number, bytes } of lines) {
    const json = readLine(bytes)
    if (json !== undefined) yield { number, json }
  }
}
