/** Which partition a Query reads: what the parser finds, compared with what DynamoDB does. */
import fc from 'fast-check'
import t from 'tap'
import { partitionValueOf } from '../../src/storage/key-condition.js'
import { createTable, needsDynamoDB, startService, TYPED } from '../helpers/service.js'

const values = { ':a': { S: 'a' }, ':b': { S: 'b' }, ':n': { N: '1' } }
const names = { '#p': 'id', '#s': 'n', '#x': 'color' }
const valueIn = (expression: string | undefined) =>
  partitionValueOf({ expression, names, values: Buffer.from(JSON.stringify(values)) }, 'id')?.toString()

t.test('an equality on the partition key gives its value', async (t) => {
  for (const expression of [
    'id = :a',
    '#p = :a',
    ' #p\n=\t:a ',
    '(#p = :a)',
    '((#p = :a))',
    '#p = :a AND #s = :n',
    '#p=:a and #s<:n',
    '#s >= :n AND #p = :a',
    '(#p = :a) AND (#s BETWEEN :n AND :n)',
    '#s BETWEEN :n AND :n AND #p = :a',
    'begins_with(#s, :b) AND id = :a',
    '(id = :a AND begins_with (#s , :b))',
  ]) {
    t.equal(valueIn(expression), '{"S":"a"}', expression)
  }
})

t.test('anything else gives none', async (t) => {
  for (const expression of [
    undefined,
    '',
    'id',
    'id =',
    'id = :c',
    'id = a',
    ':a = id',
    'id <> :a',
    'id < :a',
    'id BETWEEN :a AND :b',
    'begins_with(id, :a)',
    '#s = :a',
    '#unknown = :a',
    'NOT id = :a',
    'id = :a OR id = :b',
    'id = :a AND id = :b',
    '#p = :a AND id = :a',
    'id = :a AND #s = :n AND #x = :b',
    'id = :a)',
    '(id = :a',
    'id = :a AND',
    'id = :a, :b',
    'id = :a #s',
    'id IN (:a)',
    'ID = :a',
    'Begins_With(#s, :b) AND size(id) = :a',
    `${'('.repeat(100)}id = :a${')'.repeat(100)}`,
    'id.x = :a',
    'id[0] = :a',
    '"id" = :a',
    'id = :a -- comment',
    'id =\u00a0:a',
  ]) {
    t.equal(valueIn(expression), undefined, String(expression))
  }
})

t.test('a value that is found is the partition that DynamoDB reads', needsDynamoDB, async (t) => {
  const service = await startService(t)
  const table = await createTable(t, service, { sortKey: true })
  for (const id of ['a', 'b'])
    await service.post(`/v1/tables/${table}/put`, { item: { id, n: 1, text: `of ${id}` } })

  const piece = fc.constantFrom(
    ...[
      'id',
      '#p',
      '#s',
      'n',
      ':a',
      ':b',
      ':n',
      '=',
      '=',
      '=',
      '<',
      '>=',
      'AND',
      'and',
      'OR',
      'NOT',
      'BETWEEN',
    ],
    ...['(', ')', ',', 'begins_with', 'IN', 'size', '<>'],
  )
  const good = fc.constantFrom(
    '#p = :a',
    'id = :b',
    '#s = :n',
    'n > :n',
    '#s BETWEEN :n AND :n',
    'AND',
    '(',
    ')',
    'OR',
  )
  const expressions = fc.oneof(
    fc.array(piece, { maxLength: 9 }).map((pieces) => pieces.join(' ')),
    fc.array(good, { maxLength: 5 }).map((pieces) => pieces.join(' ')),
  )
  let found = 0
  await fc.assert(
    fc.asyncProperty(expressions, async (keyConditionExpression) => {
      const value = valueIn(keyConditionExpression)
      if (value === undefined) return
      found++
      const used = (all: object) =>
        Object.fromEntries(
          Object.entries(all).filter(([name]) => new RegExp(`${name}\\b`).test(keyConditionExpression)),
        )
      const { status, text } = await service.post(
        `/v1/tables/${table}/query`,
        {
          keyConditionExpression,
          ...(Object.keys(used(names)).length > 0 && { expressionAttributeNames: used(names) }),
          expressionAttributeValues: used(values),
        },
        { 'content-type': TYPED },
      )
      if (status !== 200) return
      const other = value === '{"S":"a"}' ? 'of b' : 'of a'
      if (text.includes(other)) throw new Error(`${keyConditionExpression}: ${text}`)
    }),
    { numRuns: 20_000, seed: 10 },
  )
  t.ok(found > 100, `${found} values`)
})
