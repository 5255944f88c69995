/** Positions as text: what they cost, and that nothing else is accepted. */
import fc from 'fast-check'
import t from 'tap'
import type { Place } from '../../../src/storage/streams/place.js'
import { parsePosition, positionText } from '../../../src/storage/streams/position.js'
import { ShardPosition } from '../../../src/storage/streams/shard-position.js'

const TABLE = 'arn:aws:dynamodb:eu-central-1:123456789012:table/Orders'
const stream = { tableArn: TABLE, label: '2026-11-30T10:24:59.297' }

const digits = (minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'.split('')), minLength, maxLength })
const hex = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'.split('')), minLength: 8, maxLength: 8 })
const time = fc.nat({ max: 2 ** 32 - 1 })
const place: fc.Arbitrary<Place> = fc.oneof(
  fc.record({ kind: fc.constantFrom('start' as const, 'since' as const), at: time }),
  fc.record({ kind: fc.constant('after' as const), sequenceNumber: digits(1, 40) }),
  fc.constant({ kind: 'end' as const }),
)
const shardId = fc.oneof(
  fc.tuple(digits(20, 20), hex).map(([number, suffix]) => `shardId-${number}-${suffix}`),
  fc.tuple(digits(13, 13), hex).map(([number, suffix]) => `shardId-0000000${number}-${suffix}`),
  fc.string({ unit: fc.constantFrom(...'abcXYZ019-_.'.split('')), minLength: 1, maxLength: 65 }),
)
const positions = fc
  .uniqueArray(fc.tuple(shardId, place), { selector: ([id]) => id, maxLength: 20 })
  .map((shards) => ({
    stream,
    shards: new Map(shards.map(([id, place]) => [id, new ShardPosition(id, place)])),
  }))

const places = (shards: ReadonlyMap<string, ShardPosition>) =>
  [...shards.values()].map(({ shardId, place }) => [shardId, place])

t.test('a position is read as it was written', async () => {
  fc.assert(
    fc.property(positions, (position) => {
      const text = positionText(position)
      const read = parsePosition(text, TABLE)
      return (
        /^[\w-]+$/.test(text) &&
        read.stream.label === stream.label &&
        JSON.stringify(places(read.shards)) === JSON.stringify(places(position.shards))
      )
    }),
  )
})

t.test('a position in 250 shards fits into a header of 8 KiB', async (t) => {
  const shards = Array.from({ length: 250 }, (_, n) => {
    const id = `shardId-0000000${1_790_000_000_000 + n}-${String(n).padStart(8, 'f')}`
    return [
      id,
      new ShardPosition(id, { kind: 'after', sequenceNumber: '4421584500000000017450439092' }),
    ] as const
  })
  const text = positionText({ stream, shards: new Map(shards) })
  t.ok(text.length < 8100, String(text.length))
  t.equal(parsePosition(text, TABLE).shards.size, 250)
})

t.test('a time in a place that moves on is written anew', async (t) => {
  const place: Place = { kind: 'since', at: 5 }
  const shards = new Map([['s', new ShardPosition('s', place)]])
  const earlier = positionText({ stream, shards })
  place.at = 6
  t.not(positionText({ stream, shards }), earlier)
})

t.test('the position of another table is refused', async (t) => {
  const text = positionText({ stream, shards: new Map() })
  t.throws(() => parsePosition(text, `${TABLE}2`), { name: 'InvalidPositionError' })
})

t.test('a position that was cut, changed or made up is refused', async () => {
  const refused = (text: string) => {
    try {
      parsePosition(text, TABLE)
      return false
    } catch (error) {
      return error instanceof Error && error.name === 'InvalidPositionError'
    }
  }
  fc.assert(
    fc.property(positions, fc.nat(), fc.nat({ max: 63 }), (position, at, value) => {
      const text = positionText(position)
      const index = at % text.length
      const other = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.charAt(value)
      const changed = text.slice(0, index) + other + text.slice(index + 1)
      return (
        refused(text.slice(0, index)) &&
        refused(`${text}A`) &&
        refused(`${text}=`) &&
        (changed === text || refused(changed))
      )
    }),
  )
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => refused(text)))
  fc.assert(fc.property(fc.base64String({ maxLength: 300 }), (text) => refused(text)))
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) =>
      refused(Buffer.from(bytes).toString('base64url')),
    ),
  )
  if (!refused('A'.repeat(1_000_000))) throw new Error('a position of any length is read')
})
