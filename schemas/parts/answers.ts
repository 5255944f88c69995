/** What answers carry beside items. */
import * as Type from 'typebox'
import { Item, MapOf } from './building-blocks.js'

const Capacity = Type.Object(
  {
    capacityUnits: Type.Optional(Type.Number()),
    readCapacityUnits: Type.Optional(Type.Number()),
    writeCapacityUnits: Type.Optional(Type.Number()),
  },
  { title: 'Capacity', description: 'What a table or an index has of it.' },
)
const CapacityByIndex = MapOf(Capacity, { title: 'CapacityByIndex', description: 'By index.' })

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
    description: 'What the operation consumed, where `returnConsumedCapacity` asked for it.',
  },
)

export const ItemCollectionMetrics = Type.Object(
  {
    itemCollectionKey: Type.Optional(Item('The partition key of the item collection.')),
    sizeEstimateRangeGB: Type.Optional(Type.Array(Type.Number())),
  },
  {
    title: 'ItemCollectionMetrics',
    description: 'The item collection the write touched, where `returnItemCollectionMetrics` asked for it.',
  },
)

export const consumedCapacity = Type.Optional(ConsumedCapacity)
export const consumedCapacities = Type.Optional(Type.Array(ConsumedCapacity))
export const itemCollectionMetricsByTable = Type.Optional(
  MapOf(Type.Array(ItemCollectionMetrics), {
    title: 'ItemCollectionMetricsByTable',
    description: 'By table.',
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

/** The answer of query and scan. */
export const PageAnswer = Type.Object(
  {
    items: Type.Optional(Type.Array(Item('An item.'), { description: 'Absent if `select` is `COUNT`.' })),
    count: Type.Integer({ description: 'The number of items after the filter.' }),
    scannedCount: Type.Integer({ description: 'The number of items before the filter.' }),
    lastEvaluatedKey: Type.Optional(
      Item('There is more: send this as `exclusiveStartKey` to go on. Absent on the last page.'),
    ),
    consumedCapacity,
  },
  { title: 'PageAnswer' },
)
