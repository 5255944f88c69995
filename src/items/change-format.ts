/** The formats of a change feed: server-sent events (WHATWG HTML Standard, section 9.2) and lines of JSON. */
import type { Json } from '../json/json.js'
import { JsonWriter } from '../json/writer.js'
import { asAnswerError } from '../storage/errors.js'
import type { Change } from '../storage/streams/change.js'
import { writeChange } from './change.js'
import { document, ndjson, type Representation, requestRepresentation } from './representation.js'

/** A change with the position right behind it. */
export interface IdentifiedChange {
  readonly change: Change
  readonly id: string
}

export interface ChangeFormat {
  /** In lower case, without parameters. */
  readonly mediaType: string
  /** That of the items, unless the request asks for another one. */
  readonly representationFor: (contentType: string | undefined) => Representation
  /**
   * What comes first, at once.
   * @param id the position where the feed begins
   * @param retryMs the time after which a client should connect again, if the feed ends
   * @param isInHeader whether a header has told the position
   */
  readonly start: (id: string, retryMs: number, isInHeader: boolean) => string
  /**
   * What comes while there are no changes.
   * @param id the position, if it has moved behind changes that the subscriber did not ask for; otherwise undefined
   */
  readonly heartbeat: (id: string | undefined) => string
  /** Before the data of a change. */
  readonly before: (change: IdentifiedChange) => string
  /** Behind the data of a change. */
  readonly after: string
}

/** A block without data is no event, but a client keeps its id and sends that when it connects again. */
const sse: ChangeFormat = {
  mediaType: 'text/event-stream',
  representationFor: () => document,
  start: (id, retryMs) => `retry: ${retryMs}\nid: ${id}\n\n`,
  heartbeat: (id) => (id === undefined ? ':\n\n' : `:\nid: ${id}\n\n`),
  before: ({ id, change: { event } }) => `id: ${id}\nevent: ${event}\ndata: `,
  after: '\n\n',
}

/** A line without an event is only a position. Readers skip empty lines. */
function linePosition(id: string | undefined): string {
  return id === undefined ? '\n' : `{"id":"${id}"}\n`
}

const changeLines: ChangeFormat = {
  ...ndjson,
  representationFor: requestRepresentation,
  start: (id, _retryMs, isInHeader) => linePosition(isInHeader ? undefined : id),
  heartbeat: linePosition,
  before: () => '',
  after: '\n',
}

/** In the order of preference. */
export const changeFormats: readonly ChangeFormat[] = [sse, changeLines]

/** Shared by all feeds: nothing waits between the first byte that is written and the last. */
const writer = new JsonWriter()

/**
 * A batch of changes, ready to be sent.
 * @throws AnswerError if an item is not what DynamoDB should have sent
 */
export function changesAs(
  { before, after }: ChangeFormat,
  changes: readonly IdentifiedChange[],
  representation: Representation,
): Json {
  writer.clear()
  try {
    for (const one of changes) {
      writer.text(before(one))
      writeChange(one.change, one.id, representation, writer)
      writer.text(after)
    }
  } catch (error) {
    throw asAnswerError(error)
  }
  return writer.take()
}
