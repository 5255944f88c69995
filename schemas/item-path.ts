/** An item as a resource: its places, and what its answers have in common. */
import * as Type from 'typebox'
import type { TSchema } from 'typebox'
import { Closed } from './item.js'
import { TablePath } from './table-path.js'

const partitionKey = Type.String({
  minLength: 1,
  description:
    'The value of the partition key, percent-encoded: an S as it is, an N as its digits, a B as base64url without padding.',
  examples: ['ada'],
})

const sortKey = Type.String({
  minLength: 1,
  description: 'The value of the sort key, written like that of the partition key.',
  examples: ['2026-11-02'],
})

const ItemPath = Closed({ ...TablePath.properties, partitionKey })

/** Where an item is found, in tables without and with a sort key. */
export const itemPaths = [
  { url: '/v1/tables/:table/items/:partitionKey', params: ItemPath, suffix: '' },
  {
    url: '/v1/tables/:table/items/:partitionKey/:sortKey',
    params: Closed({ ...ItemPath.properties, sortKey }),
    suffix: 'WithSortKey',
  },
] as const

/** An answer without a body. */
export const NoContent = (description: string, headers: Readonly<Record<string, TSchema>> = {}) =>
  Type.Null({ description, headers })

/** `If-Match` of a write. That it is `*` is for the route to say, with what to do instead. */
export const ifMatch = Type.Optional(
  Type.String({
    description: 'Only `*`: do it only if there is such an item, and answer 412 if not.',
    examples: ['*'],
  }),
)
