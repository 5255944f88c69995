/** The change feed of a table. */
import * as Type from 'typebox'
import { Closed, OneOf } from './parts/building-blocks.js'
import { TablePath } from './parts/paths.js'
import type { RouteSchema } from './parts/route-schema.js'

const CHANGE =
  '{"id":"AbV2","event":"MODIFY","keys":{"customer":"ada","placed":"2026-11-15"},' +
  '"newItem":{"customer":"ada","placed":"2026-11-15","status":"shipped"},' +
  '"oldItem":{"customer":"ada","placed":"2026-11-15","status":"open"},' +
  '"at":"2026-11-30T09:15:02Z","sequenceNumber":"000000000000000000311"}'

/** The answer as server-sent events. */
const ChangeEvents = Type.String({
  description:
    'Server-sent events (WHATWG HTML Standard, section 9.2). `id` is the position behind the change, `event` is `INSERT`, `MODIFY` or ' +
    '`REMOVE`, and `data` is the change: `{"id", "event", "keys", "newItem"?, "oldItem"?, "at", "sequenceNumber"}`. Which of the items it ' +
    'has depends on the `streamViewType` of the table. `at` is when the item changed, to the second. The feed begins with `retry` and ' +
    'the `id` of its beginning. Each 15 seconds without a change a comment follows, with an `id` if the position has moved ' +
    'behind changes that were not asked for.',
  examples: [`retry: 2130\nid: AbV1\n\nid: AbV2\nevent: MODIFY\ndata: ${CHANGE}\n\n:\n\n`],
})

/** The answer as lines. */
const ChangeLines = Type.String({
  description:
    'A change on each line, as in `data` of the events. Each 15 seconds without a change an empty line follows, or, if the position ' +
    'has moved behind changes that were not asked for, a line that is only `{"id"}`. A last line without its line feed is ' +
    'incomplete.',
  examples: [`\n${CHANGE}\n\n`],
})

export const changes = {
  operationId: 'followChanges',
  summary: 'Follow the changes of a table',
  description:
    'DynamoDB Streams: every change of the items of the table, as it happens, in the order of the changes of each item. The table needs a ' +
    'stream. The answer does not end by itself. When it ends all the same, because the service stops, the client reads too slowly, or its ' +
    'rights have changed, the client connects again with the last `id` that it got, at any replica, and misses nothing. A browser does so ' +
    'by itself (`EventSource`). DynamoDB keeps changes for 24 hours. The page at /docs listens for 5 seconds. `HEAD` answers whether the changes can be followed, without them.',
  tags: ['Items'],
  head: true,
  params: TablePath,
  querystring: Closed({
    from: Type.Optional(
      OneOf(['now', 'start'], {
        title: 'ChangesFrom',
        description:
          'Where to begin: `now`, the default, or `start`, with the oldest change that DynamoDB still has.',
      }),
    ),
    after: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'The `id` of a change, unchanged, to begin right behind it.',
      }),
    ),
    partition: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'Only changes of items with this partition key. Written as in a path: text, digits, or base64url without padding.',
      }),
    ),
    events: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'Only these kinds of changes, separated by commas: `INSERT`, `MODIFY`, `REMOVE`.',
        examples: ['INSERT,REMOVE'],
      }),
    ),
    representation: Type.Optional(
      OneOf(['document', 'typed'], {
        title: 'RepresentationName',
        description:
          'How items are written: as documents, the default, or `typed`, in DynamoDB’s own types. Lines follow ' +
          '`Content-Type` without it.',
      }),
    ),
  }),
  headers: Type.Object({
    'last-event-id': Type.Optional(
      Type.String({
        description:
          'The last `id` that the client got: as `after`, and it wins over `after` and `from`. An `EventSource` sends it when it connects again.',
      }),
    ),
  }),
  response: {
    200: {
      description: 'The changes, without an end.',
      headers: {
        'cache-control': Type.String({ description: 'No cache may answer with it.', examples: ['no-cache'] }),
        'x-accel-buffering': Type.String({ description: 'Tells nginx not to buffer.', examples: ['no'] }),
        'last-event-id': Type.Optional(
          Type.String({
            description:
              'The position where the answer begins, as the `id` of a change. Absent if it is longer than 1 KiB; lines begin with it then.',
            examples: ['AbV1'],
          }),
        ),
      },
    },
  },
  responseStreams: { 'text/event-stream': ChangeEvents, 'application/x-ndjson': ChangeLines },
  errors: ['ResourceNotFoundException', 'StreamNotEnabled', 'PositionExpired', 'InvalidPosition'],
} satisfies RouteSchema
