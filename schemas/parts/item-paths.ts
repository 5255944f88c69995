/** An item as a resource: its places, and what its answers have in common. */
import * as Type from 'typebox'
import type { TObject, TSchema } from 'typebox'
import { Closed } from './building-blocks.js'
import { TablePath } from './paths.js'

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

/** Where an item is found. */
export interface ItemPath {
  readonly url: `/v1/${string}`
  readonly params: TObject
  /** What is added to the name of each operation. */
  readonly suffix: string
  /** An item that is found there. */
  readonly example: object
}

/** In tables without and with a sort key. */
export const itemPaths: readonly ItemPath[] = [
  {
    url: '/v1/tables/:table/items/:partitionKey',
    params: Closed({ table: { ...TablePath.properties.table, examples: ['Customers'] }, partitionKey }),
    suffix: '',
    example: { customer: 'ada', name: 'Ada Lovelace', points: 1815 },
  },
  {
    url: '/v1/tables/:table/items/:partitionKey/:sortKey',
    params: Closed({ ...TablePath.properties, partitionKey, sortKey }),
    suffix: 'WithSortKey',
    example: {
      amount: 129.95,
      customer: 'ada',
      placed: '2026-11-02',
      status: 'shipped',
      tags: { $stringSet: ['books', 'maps'] },
    },
  },
]

/** An answer without a body. */
export const NoContent = (description: string, headers: Readonly<Record<string, TSchema>> = {}) =>
  Type.Null({ description, headers })

/** `If-Match` of a write. That it is `*` is for the route to say, with what to do instead. */
export const ifMatch = Type.Optional(
  Type.String({
    description: 'Only `*`: do it only if there is such an item, and answer 412 if not.',
  }),
)
