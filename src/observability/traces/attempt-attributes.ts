import type { Attributes } from '@opentelemetry/api'
import { OPEN_BRACKET } from '../../json/character-codes.js'
import { type Json, parse } from '../../json/json.js'
import { SHORT_BYTES } from '../../json/in-slices.js'
import { elements, members } from '../../json/parts.js'
import { Pieces } from '../../json/pieces.js'
import { JsonError } from '../../json/reader.js'
import type { AttemptEnded } from '../../storage/events.js'
import type { ObservedRequest } from '../observed-request.js'

/** What a span says of an attempt: its operation and tables, and numbers of its answer, but nothing of an item. */
export function attemptAttributes(
  { operation, table, index, result }: AttemptEnded,
  request: ObservedRequest | undefined,
): Attributes {
  const tables = table === undefined ? request?.tables : [table]
  return {
    'db.system.name': 'aws.dynamodb',
    'db.operation.name': operation,
    'rpc.system': 'aws-api',
    ...(table !== undefined && { 'db.collection.name': table }),
    ...(tables !== undefined && tables.length > 0 && { 'aws.dynamodb.table_names': [...tables] }),
    ...(index !== undefined && { 'aws.dynamodb.index_name': index }),
    ...(result instanceof Pieces
      ? answerAttributes(result, operation === 'Query' || operation === 'Scan')
      : failureAttributes(result)),
  }
}

function failureAttributes({ statusCode, requestId }: Exclude<AttemptEnded['result'], Pieces>): Attributes {
  return {
    ...(statusCode !== undefined && { 'http.response.status_code': statusCode }),
    ...(requestId !== undefined && { 'aws.request_id': requestId }),
  }
}

/** An attempt that was answered must not fail for its span: the answer itself is read later. */
function answerAttributes(answer: Pieces, isPage: boolean): Attributes {
  // A batch may have 16 MB, and reading it here would block other callers.
  if (!isPage && answer.length > SHORT_BYTES) return {}
  try {
    return pageAttributes(answer.whole)
  } catch (error) {
    if (error instanceof JsonError) return {}
    throw error
  }
}

/** The members of a page that are no items, which are read without parsing these. */
function pageAttributes(answer: Json): Attributes {
  const found = members(answer)
  const count = numberIn(found.get('Count'))
  const scannedCount = numberIn(found.get('ScannedCount'))
  const consumed = found.get('ConsumedCapacity')
  return {
    ...(count !== undefined && { 'aws.dynamodb.count': count }),
    ...(scannedCount !== undefined && { 'aws.dynamodb.scanned_count': scannedCount }),
    ...(consumed !== undefined && {
      'aws.dynamodb.consumed_capacity': (consumed[0] === OPEN_BRACKET ? elements(consumed) : [consumed]).map(
        String,
      ),
    }),
  }
}

function numberIn(json: Json | undefined): number | undefined {
  const value = json && parse(json)
  return typeof value === 'number' ? value : undefined
}
