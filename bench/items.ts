/** Realistic items of any size, and the notations for them. */

/** The DynamoDB types in these items. */
export type AttributeValue =
  | { readonly S: string }
  | { readonly N: string }
  | { readonly BOOL: boolean }
  | { readonly SS: string[] }
  | { readonly L: AttributeValue[] }
  | { readonly M: Record<string, AttributeValue> }

export type Item = Record<string, AttributeValue>

/** Writes an attribute in one of the representations. */
export type Represent = (value: AttributeValue) => unknown

/** An order of about this size, in bytes as DynamoDB counts them. A large order has many lines, not one long string. */
export function order(id: string, bytes: number): Item {
  const lines: AttributeValue[] = []
  const item: Item = {
    id: { S: id },
    customer: { S: 'ada.lovelace@mail.example' },
    placed: { N: '1763812800' },
    amount: { N: '1299.95' },
    paid: { BOOL: true },
    tags: { SS: ['books', 'gift', 'maps'] },
    address: {
      M: {
        street: { S: '12 St James’s Square' },
        city: { S: 'London' },
        zip: { S: 'SW1Y 4JH' },
        place: { L: [{ N: '51.5072' }, { N: '-0.1276' }] },
      },
    },
    lines: { L: lines },
  }
  const size = sizeOf({ M: item })
  const line = (number: number): AttributeValue => ({
    M: {
      sku: { S: `SKU-${String(number).padStart(6, '0')}` },
      quantity: { N: String((number % 9) + 1) },
      price: { N: `${(number % 90) + 10}.5` },
      title: { S: 'A history of “computing”, second edition' },
    },
  })
  const count = Math.round((bytes - size) / (sizeOf(line(0)) + 1))
  for (let number = 0; number < count; number++) lines.push(line(number))
  return item
}

/** The size of an item, in bytes (Amazon DynamoDB Developer Guide, "DynamoDB item sizes and formats"). */
function sizeOf(value: AttributeValue): number {
  if ('S' in value) return Buffer.byteLength(value.S)
  if ('N' in value) return Math.ceil(value.N.length / 2) + 1
  if ('BOOL' in value) return 1
  if ('SS' in value) return value.SS.join('').length
  if ('L' in value) return value.L.reduce((sum, element) => sum + sizeOf(element) + 1, 3)
  return Object.entries(value.M).reduce((sum, [name, member]) => sum + name.length + sizeOf(member) + 1, 3)
}

export const typed = (value: AttributeValue): AttributeValue => value

export const document: Represent = (value) => toJson(value, (members) => ({ $stringSet: members }))

/** JSON of a gateway that has no notation for sets: they are arrays. */
export const plain: Represent = (value) => toJson(value, (members) => members)

/** The request to DynamoDB of a gateway that received {@link plain} JSON: lists instead of sets. */
export const withoutSets = (value: AttributeValue): AttributeValue => {
  if ('SS' in value) return { L: value.SS.map((member) => ({ S: member })) }
  if ('L' in value) return { L: value.L.map(withoutSets) }
  return 'M' in value ? { M: mapMembers(value.M, withoutSets) } : value
}

function toJson(value: AttributeValue, ofSet: (members: string[]) => unknown): unknown {
  if ('S' in value) return value.S
  if ('N' in value) return Number(value.N)
  if ('BOOL' in value) return value.BOOL
  if ('SS' in value) return ofSet(value.SS)
  if ('L' in value) return value.L.map((element) => toJson(element, ofSet))
  return mapMembers(value.M, (member) => toJson(member, ofSet))
}

/** An item, with `write` for each attribute. */
export function mapMembers<Written>(
  item: Item,
  write: (value: AttributeValue) => Written,
): Record<string, Written> {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, write(value)]))
}
