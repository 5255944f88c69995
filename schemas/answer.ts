/** What answers carry beside items. */
import * as Type from 'typebox'
import { Item, MapOf } from './item.js'

const Capacity = Type.Object({
  capacityUnits: Type.Optional(Type.Number()),
  readCapacityUnits: Type.Optional(Type.Number()),
  writeCapacityUnits: Type.Optional(Type.Number()),
})

export const ConsumedCapacity = Type.Object(
  {
    tableName: Type.Optional(Type.String()),
    ...Capacity.properties,
    table: Type.Optional(Capacity),
    localSecondaryIndexes: Type.Optional(MapOf(Capacity, {})),
    globalSecondaryIndexes: Type.Optional(MapOf(Capacity, {})),
    vectorIndexes: Type.Optional(MapOf(Capacity, {})),
  },
  { description: 'What the operation consumed, where `returnConsumedCapacity` asked for it.' },
)

export const ItemCollectionMetrics = Type.Object(
  {
    itemCollectionKey: Type.Optional(Item('The partition key of the item collection.')),
    sizeEstimateRangeGB: Type.Optional(Type.Array(Type.Number())),
  },
  { description: 'The item collection the write touched, where `returnItemCollectionMetrics` asked for it.' },
)

export const consumedCapacity = Type.Optional(ConsumedCapacity)
export const consumedCapacities = Type.Optional(Type.Array(ConsumedCapacity))
export const itemCollectionMetricsByTable = Type.Optional(MapOf(Type.Array(ItemCollectionMetrics), {}))

/** The answer of put, update and delete. */
export const WriteAnswer = Type.Object({
  attributes: Type.Optional(Item('The attributes that `returnValues` asked for.')),
  consumedCapacity,
  itemCollectionMetrics: Type.Optional(ItemCollectionMetrics),
})

/** The answer of query and scan. */
export const PageAnswer = Type.Object({
  items: Type.Optional(Type.Array(Item('An item.'), { description: 'Absent if `select` is `COUNT`.' })),
  count: Type.Integer({ description: 'The number of items after the filter.' }),
  scannedCount: Type.Integer({ description: 'The number of items before the filter.' }),
  lastEvaluatedKey: Type.Optional(
    Item('There is more: send this as `exclusiveStartKey` to go on. Absent on the last page.'),
  ),
  consumedCapacity,
})
