/** The formats of an import's body: how it is split into pieces, and how a piece becomes an item. */
import { essenceOf } from '../http/content-negotiation.js'
import { CsvRecords } from '../http/pieces/csv-records.js'
import { JsonElements } from '../http/pieces/json-elements.js'
import { Lines } from '../http/pieces/lines.js'
import type { Splitter, SplitterOptions } from '../http/pieces/splitter.js'
import { isType, type Type } from '../items/attribute-value.js'
import { CsvTable } from '../items/csv-rows.js'
import { type Entry, readEntry } from '../items/entries.js'
import { document } from '../items/representation.js'
import { JsonError } from '../json/reader.js'
import { clip, ProblemError } from '../problem/problem-error.js'
import { tableName } from '../storage/tables/table-names.js'
import type { ApiRequest } from './call.js'

export interface ImportFormat {
  readonly createSplitter: (options: SplitterOptions) => Splitter
  /**
   * The entry in a piece; undefined if there is none. It is called with the pieces in their order.
   * @throws JsonError
   */
  readonly read: (piece: Buffer) => Entry | undefined
}

const CSV = 'text/csv'

const lines: ImportFormat = { createSplitter: (options) => new Lines(options), read: readEntry }

/**
 * The format of a request's body.
 * @throws ProblemError if a parameter is not one of the format
 */
export function importFormatOf({ headers, params, query }: ApiRequest): ImportFormat {
  const mediaType = essenceOf(headers['content-type'])
  const { types } = query
  if (mediaType === CSV) {
    const table = new CsvTable(columnTypes(types ?? ''))
    return { createSplitter: (options) => new CsvRecords(options), read: table.read }
  }
  if (types !== undefined) {
    throw new ProblemError('InvalidRequest', `querystring/types is only for a body in ${CSV}`)
  }
  if (mediaType !== document.mediaType) return lines
  const table = tableName(params['table'] ?? '')
  const enterArray = (name: string) => {
    if (!itemArrays.has(name) && tableName(name) !== table) refuseArray(name, table)
  }
  const isEntered = (name: string) => name === 'RequestItems'
  return {
    createSplitter: (options) => new JsonElements({ ...options, enterArray, isEntered }),
    read: readEntry,
  }
}

/** The name in DynamoDB's output of a scan, and that in this service's. */
const itemArrays: ReadonlySet<string> = new Set(['Items', 'items'])

function refuseArray(name: string, table: string): never {
  throw new JsonError(
    `has the array ${JSON.stringify(name)}: it must be "Items", as in the output of a scan, or the request items of ` +
      `this table, ${JSON.stringify(table)}`,
    '',
  )
}

/**
 * The types of columns, as in `price:N,tags:SS`. The name may have colons.
 * @throws ProblemError
 */
function columnTypes(text: string): ReadonlyMap<string, Type> {
  const types = new Map<string, Type>()
  for (const part of text === '' ? [] : text.split(',')) {
    const colon = part.lastIndexOf(':')
    const [name, type] = [part.slice(0, colon), part.slice(colon + 1)]
    if (colon < 1 || !isType(type) || types.has(name)) {
      throw new ProblemError(
        'InvalidRequest',
        `querystring/types has ${JSON.stringify(clip(part, 100))}: it must be columns with their types, each once, such as ` +
          'price:N,active:BOOL,tags:SS',
      )
    }
    types.set(name, type)
  }
  return types
}
