import { importItems as schema } from '../schemas/import.js'
import { ofImport, ProblemError } from '../src/problem/problem.js'
import { type Line, Lines } from '../src/http/request-lines.js'
import { readLine } from '../src/items/lines.js'
import { document } from '../src/items/representation.js'
import { ImportError } from '../src/storage/errors.js'
import type { NumberedItem } from '../src/storage/batch/puts.js'
import { type Route, underWay } from '../src/operations/operation.js'

const TOO_BUSY = 'The service has too much to do. The import was not taken any further.'

/** Writes a stream of lines; see `schemas/import.ts`. */
export const importItems: Route = (app) => {
  app.route<{ Params: { table: string } }>({
    method: 'POST',
    url: '/v1/tables/:table/import',
    schema,
    config: { api: true, takesLines: true, writes: true },
    handler: async (request, reply) => {
      const representation = request.representation?.answer ?? document
      const { bodyLimitBytes: maxBytes, requestTimeoutMs: timeoutMs } = app.config
      const hold = (bytes: number) => {
        if (bytes <= 0) app.admission.release(request.raw, -bytes)
        else if (!app.admission.hold(request.raw, bytes))
          throw new ProblemError('ServiceUnavailable', TOO_BUSY)
      }
      const lines = new Lines(request.raw, { maxBytes, timeoutMs, hold })
      const interrupt = () => {
        lines.interrupt()
      }
      const signal = underWay(app, reply)
      signal.addEventListener('abort', interrupt)
      // It has waits of its own, in which its connection may have nothing to do.
      reply.raw.on('timeout', () => undefined)
      try {
        const source = { items: itemsOf(lines), hold, interrupt }
        const limits = { timeoutMs, maxBytes, signal }
        const written = await app.storage.importItems(request.params.table, source, limits)
        reply.header('content-type', representation.mediaType)
        return Buffer.from(JSON.stringify({ written }))
      } catch (error) {
        if (!(error instanceof ImportError)) throw error
        const { number: line = lines.number, written } = error
        request.log.info({ table: request.params.table, line, written }, 'the import stopped')
        throw ofImport(error, line, representation)
      }
    },
  })
}

async function* itemsOf(lines: Lines): AsyncGenerator<Iterable<NumberedItem>> {
  for await (const some of lines) yield itemsIn(some)
}

function* itemsIn(lines: Iterable<Line>): Generator<NumberedItem> {
  for (const { number, bytes } of lines) {
    const json = readLine(bytes)
    if (json !== undefined) yield { number, json }
  }
}
