/** The import of any number of items: it writes as it reads, and never holds more than what is being written. */
import { authorizeWith } from '../access/authorize.js'
import { StreamPatience } from '../http/arrival.js'
import type { Piece, Splitter } from '../http/pieces/splitter.js'
import { RequestChunks } from '../http/request-chunks.js'
import type { Entry } from '../items/entries.js'
import { importProblem } from '../problem/batch-problem.js'
import { ProblemError } from '../problem/problem-error.js'
import type { NumberedEntry } from '../storage/batch/writes.js'
import { ImportError } from '../storage/errors.js'
import { namedTarget } from './access-control.js'
import type { Call } from './call.js'
import { type ImportFormat, importFormatOf } from './import-format.js'
import { ImportProgress } from './import-progress.js'
import { type AnswerBody, jsonAnswer } from './serve.js'

const importOverloaded = new ProblemError(
  'ServiceUnavailable',
  'The service is overloaded. The import stopped.',
  { shedding: 'body_memory' },
)

/**
 * Writes the items of the request's body.
 * @returns how many were written; undefined if that has been answered
 * @throws ProblemError that tells the line at which the import stopped, and what was not written
 */
export async function importItems(call: Call): Promise<number | undefined> {
  const { request, reply, representation, limits, observed, services } = call
  const { signal } = limits
  const { storage, admission, config } = services
  const { bodyLimitBytes: maxBytes, requestTimeoutMs: timeoutMs } = config
  const hold = (bytes: number) => {
    if (bytes <= 0) admission.release(request.raw, -bytes)
    else if (!admission.hold(request.raw, bytes)) throw importOverloaded
  }
  const format = importFormatOf(request)
  const splitter = format.createSplitter({ maxBytes, hold })
  const chunks = new RequestChunks(request.raw, new StreamPatience(config))
  const interrupt = () => {
    chunks.interrupt()
  }
  signal.addEventListener('abort', interrupt)
  let done = 0
  const progress = call.stream && new ImportProgress(call, () => ({ written: done, line: splitter.number }))
  // The socket may be idle for long, while DynamoDB throttles: Node.js must not destroy it for that.
  reply.raw.on('timeout', () => undefined)
  const { table = '' } = request.params
  try {
    const entries = permittedEntries(call, format, piecesOf(chunks, splitter))
    const onWritten = (count: number) => {
      done += count
    }
    const written = await storage.importItems(
      table,
      { entries, hold, interrupt, onWritten },
      { timeoutMs, maxBytes, signal, observer: limits.observer },
    )
    return progress?.end({ written }) === true ? undefined : written
  } catch (error) {
    if (!(error instanceof ImportError)) {
      progress?.breakOff()
      throw error
    }
    const { number: line = splitter.number, written } = error
    request.log.info({ table, line, written }, 'the import stopped')
    const problem = importProblem(error, line, representation)
    if (progress?.fail(problem) === true) return undefined
    throw problem
  } finally {
    progress?.stop()
    observed.bytesRead = chunks.bytesRead
  }
}

export function answerImport(call: Call, written: number | undefined): AnswerBody {
  if (written === undefined) return undefined
  const answer = jsonAnswer(call, 200, Buffer.from(JSON.stringify({ written })))
  if (call.stream !== undefined) call.reply.header('content-type', call.stream.contentType)
  return answer
}

/** The pieces of a body, those together that arrive together. */
async function* piecesOf(chunks: RequestChunks, splitter: Splitter): AsyncGenerator<Iterable<Piece>> {
  try {
    for await (const chunk of chunks) yield splitter.split(chunk)
    yield splitter.end()
  } finally {
    splitter.close()
  }
}

/** The entries of all pieces, each after it was found that the caller may write it. */
async function* permittedEntries(
  call: Call,
  format: ImportFormat,
  pieces: AsyncIterable<Iterable<Piece>>,
): AsyncGenerator<Iterable<NumberedEntry>> {
  const { caller, request, limits, services } = call
  const { storage, config } = services
  if (caller === undefined) {
    for await (const some of pieces) yield entriesIn(call, format, some)
    return
  }
  const { table } = await namedTarget(call, { action: 'PutItem', table: request.params['table'] ?? '' })
  for await (const some of pieces) {
    const deadline = performance.now() + config.requestTimeoutMs
    const keys = await storage.tableKeys(table, { deadline, signal: limits.signal })
    // Decided while the body is read, so that a refusal names its line.
    yield entriesIn(call, format, some, ({ isDelete, json }) => {
      authorizeWith(caller, { action: isDelete ? 'DeleteItem' : 'PutItem', table, key: json }, keys)
    })
  }
}

function* entriesIn(
  { observed, services: { observe } }: Call,
  format: ImportFormat,
  pieces: Iterable<Piece>,
  check?: (entry: Entry) => void,
): Generator<NumberedEntry> {
  let count = 0
  try {
    for (const { number, bytes } of pieces) {
      const entry = format.read(bytes)
      if (entry === undefined) continue
      check?.(entry)
      count++
      yield { number, isDelete: entry.isDelete, json: entry.json }
    }
  } finally {
    observe('streamItems', { direction: 'in', count }, observed)
  }
}
