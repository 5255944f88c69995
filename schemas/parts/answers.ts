/** The parts of answers besides items. */
import * as Type from 'typebox'
import { Item, MapOf } from './building-blocks.js'

const Capacity = Type.Object(
  {
    capacityUnits: Type.Optional(Type.Number()),
    readCapacityUnits: Type.Optional(Type.Number()),
    writeCapacityUnits: Type.Optional(Type.Number()),
  },
  { title: 'Capacity', description: 'The capacity units of a table or an index.' },
)
const CapacityByIndex = MapOf(Capacity, { title: 'CapacityByIndex', description: 'Capacity by index name.' })

export const ConsumedCapacity = Type.Object(
  {
    tableName: Type.Optional(Type.String()),
    ...Capacity.properties,
    table: Type.Optional(Capacity),
    localSecondaryIndexes: Type.Optional(CapacityByIndex),
    globalSecondaryIndexes: Type.Optional(CapacityByIndex),
    vectorIndexes: Type.Optional(CapacityByIndex),
  },
  {
    title: 'ConsumedCapacity',
    description: 'The capacity that the operation consumed, if `returnConsumedCapacity` asked for it.',
  },
)

export const ItemCollectionMetrics = Type.Object(
  {
    itemCollectionKey: Type.Optional(Item('The partition key of the item collection.')),
    sizeEstimateRangeGB: Type.Optional(Type.Array(Type.Number())),
  },
  {
    title: 'ItemCollectionMetrics',
    description: 'The item collection that the write changed, if `returnItemCollectionMetrics` asked for it.',
  },
)

export const consumedCapacity = Type.Optional(ConsumedCapacity)
export const consumedCapacities = Type.Optional(Type.Array(ConsumedCapacity))
export const itemCollectionMetricsByTable = Type.Optional(
  MapOf(Type.Array(ItemCollectionMetrics), {
    title: 'ItemCollectionMetricsByTable',
    description: 'Metrics by table name.',
  }),
)

/** The answer of put, update and delete. */
export const WriteAnswer = Type.Object(
  {
    attributes: Type.Optional(Item('The attributes that `returnValues` asked for.')),
    consumedCapacity,
    itemCollectionMetrics: Type.Optional(ItemCollectionMetrics),
  },
  { title: 'WriteAnswer' },
)

/** The answer of writes to many items. */
export const WritesAnswer = Type.Object(
  { consumedCapacity: consumedCapacities, itemCollectionMetrics: itemCollectionMetricsByTable },
  { title: 'WritesAnswer' },
)

export const nextPageToken = Type.Optional(
  Type.String({
    description: 'Present if there is more: send it as `pageToken` to read on. URL-safe and opaque.',
  }),
)

/** The answer of query and scan. */
export const PageAnswer = Type.Object(
  {
    items: Type.Optional(Type.Array(Item('An item.'), { description: 'Absent if `select` is `COUNT`.' })),
    count: Type.Integer({ description: 'The number of items that passed the filter.' }),
    scannedCount: Type.Integer({ description: 'The number of items that were read, before the filter.' }),
    lastEvaluatedKey: Type.Optional(
      Item('The key behind which the next page begins; present if there are more pages.'),
    ),
    nextPageToken,
    consumedCapacity,
  },
  { title: 'PageAnswer' },
)
