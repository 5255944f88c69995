/** Which partition keys a grant covers: values that DynamoDB reads as another key than they seem to be. */
import fc from 'fast-check'
import t from 'tap'
import { isIn } from '../../src/access/partition.js'

const json = (value: unknown) => Buffer.from(JSON.stringify(value))
const isExactly = (text: string, value: unknown) => isIn({ text, isPrefix: false }, json(value))

t.test(
  'a number in digits of another script is in no partition, since DynamoDB reads it as its value',
  async (t) => {
    for (const zero of [0x660, 0x6f0, 0x966, 0xff10]) {
      const five = String.fromCodePoint(zero + 5)
      t.notOk(isExactly('0', { N: five }), five)
      t.notOk(isExactly('5', { N: five }), five)
      t.notOk(isExactly('1', { N: `1${five}` }), five)
    }
  },
)

t.test('what is no number is not 0', async (t) => {
  for (const N of ['', ' ', 'x', '.', '-', '+', 'e1', '1e', '0x0', ' 0', '0 ', '0\n', 'NaN', '0d'])
    t.notOk(isExactly('0', { N }), JSON.stringify(N))
  for (const N of ['0', '-0', '+0.0', '0e5', '00', '.0', '0.']) t.ok(isExactly('0', { N }), N)
})

t.test('a number is in the partition of its value only', async () => {
  const number = fc.integer({ min: -50, max: 50 })
  fc.assert(
    fc.property(number, number, fc.integer({ min: 0, max: 4 }), (own, asked, zeros) => {
      const digits = `${asked}${'0'.repeat(zeros)}e-${zeros}`
      return isExactly(String(own), { N: digits }) === (own === asked)
    }),
    { seed: 10 },
  )
})

t.test('a value with two types is in no partition, whichever of them DynamoDB would take', async (t) => {
  const own = { text: '1', isPrefix: false }
  for (const value of ['{"S":"2","S":"1"}', '{"S":"1","S":"2"}', '{"S":"1","N":"1"}', '{}'])
    t.notOk(isIn(own, Buffer.from(value)), value)
  t.ok(isIn(own, Buffer.from(' { "S" : "1" } ')))
})

t.test('a prefix never covers a number', async (t) => {
  t.notOk(isIn({ text: '1', isPrefix: true }, json({ N: '12' })))
  t.notOk(isIn({ text: '1', isPrefix: true }, json({ N: '1' })))
})
