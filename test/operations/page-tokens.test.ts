/** Page tokens: opaque texts that belong to one read. */
import t from 'tap'
import { PageTokens } from '../../src/operations/page-tokens.js'
import { createTable, needsDynamoDB, startService, TYPED } from '../helpers/service.js'
import { importLines } from '../helpers/item-lines.js'

const SECRET = 'correct-horse-battery-staple'
const position = Buffer.from('{"id":{"S":"ada@example.com"},"n":{"N":"7"}}')

for (const [name, tokens] of [
  ['with a secret', new PageTokens([SECRET])],
  ['without a secret', new PageTokens()],
] as const) {
  t.test(`${name}, a token is URL-safe and gives back its position`, async (t) => {
    const token = tokens.create(position, 'binding')
    t.match(token, /^[\w-]+$/)
    t.same(tokens.open(token, 'binding', 'body/pageToken'), position)
  })

  t.test(`${name}, a token that is cut, changed or of another read is refused`, async (t) => {
    const token = tokens.create(position, 'binding')
    const refused = (text: string, binding = 'binding') => {
      try {
        tokens.open(text, binding, 'body/pageToken')
        return false
      } catch (error) {
        return (error as { code?: string }).code === 'InvalidPageToken'
      }
    }
    t.ok(refused(token, 'another'))
    t.notOk(refused(token))
    for (let length = 0; length < token.length; length++)
      if (!refused(token.slice(0, length))) t.fail(`cut to ${length}`)
    for (const more of ['A', '=', ' ', '\n', '%00', token]) t.ok(refused(token + more), `with ${more}`)
    const bytes = Buffer.from(token, 'base64url')
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const changed = Buffer.from(bytes)
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      if (!refused(changed.toString('base64url'))) t.fail(`bit ${bit}`)
    }
    for (let bit = 0; bit < 8 * token.length; bit++) {
      const changed = Buffer.from(token)
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      if (!refused(changed.toString('latin1'))) t.fail(`bit ${bit} of the text`)
    }
  })
}

t.test('no nonce is used twice, and each token can be opened', async (t) => {
  const tokens = new PageTokens([SECRET])
  const made = Array.from({ length: 2000 }, () => tokens.create(position, 'binding'))
  const nonces = new Set(made.map((token) => Buffer.from(token, 'base64url').toString('hex', 1, 13)))
  t.equal(nonces.size, made.length)
  t.ok(made.every((token) => position.equals(tokens.open(token, 'binding', 'body/pageToken'))))
})

t.test('with a secret, a token shows nothing of a key, and no two are equal', async (t) => {
  const tokens = new PageTokens([SECRET])
  const [one, other] = [tokens.create(position, 'b'), tokens.create(position, 'b')]
  t.not(one, other)
  for (const token of [one, other])
    t.notMatch(Buffer.from(token, 'base64url').toString('latin1'), /ada|example|S"|N"/)
})

t.test('a token of another secret is refused, until the secret is listed', async (t) => {
  const before = new PageTokens([SECRET])
  const after = new PageTokens(['a-new-secret-0123456789', SECRET])
  const token = before.create(position, 'b')
  t.same(after.open(token, 'b', 'x'), position)
  t.throws(() => new PageTokens(['a-new-secret-0123456789']).open(token, 'b', 'x'), {
    code: 'InvalidPageToken',
  })
  t.throws(() => before.open(after.create(position, 'b'), 'b', 'x'), { code: 'InvalidPageToken' })
  const forged = new PageTokens().create(position, 'b')
  t.throws(() => before.open(forged, 'b', 'x'), { code: 'InvalidPageToken' }, 'one without a secret')
  t.throws(() => new PageTokens().open(token, 'b', 'x'), { code: 'InvalidPageToken' })
})

t.test('query and scan with page tokens', needsDynamoDB, async (t) => {
  const service = await startService(t, { pageTokenSecret: [SECRET] })
  const table = await createTable(t, service, { sortKey: true, index: true })
  const other = await createTable(t, service, { sortKey: true, index: true })
  const items = Array.from(
    { length: 20 },
    (_, n) => `{"id":"${n % 2 === 0 ? 'a' : 'b'}","n":${n},"color":"red"}`,
  )
  for (const name of [table, other]) await importLines(service, name, items.join('\n'))
  const query = (body: object, name = table) => service.post(`/v1/tables/${name}/query`, body)
  const scan = (body: object, name = table) => service.post(`/v1/tables/${name}/scan`, body)
  const ofA = { keyConditionExpression: 'id = :id', expressionAttributeValues: { ':id': 'a' } }
  const first = await query({ ...ofA, limit: 3 })
  const pageToken = first.body['nextPageToken']

  t.test('the token leads to the next page, and the last page has none', async (t) => {
    t.same(first.body['lastEvaluatedKey'], { id: 'a', n: 4 })
    const second = await query({ ...ofA, limit: 5, pageToken })
    t.same(
      (second.body['items'] as { n: number }[]).map(({ n }) => n),
      [6, 8, 10, 12, 14],
    )
    const third = await query({ ...ofA, pageToken: second.body['nextPageToken'] })
    t.same(
      (third.body['items'] as { n: number }[]).map(({ n }) => n),
      [16, 18],
    )
    t.notOk('nextPageToken' in third.body)
  })

  t.test('filter, projection and limit may change, and so may the representation', async (t) => {
    const { text } = await service.post(
      `/v1/tables/${table}/query`,
      {
        keyConditionExpression: 'id = :id',
        expressionAttributeValues: { ':id': { S: 'a' }, ':n': { S: 'red' } },
        filterExpression: 'color = :n',
        projectionExpression: '#n',
        expressionAttributeNames: { '#n': 'n' },
        limit: 1,
        pageToken,
        select: null,
      },
      { 'content-type': TYPED },
    )
    t.match(text, /^\{"items":\[\{"n":\{"N":"6"\}\}\],.*"lastEvaluatedKey":\{.*\},"nextPageToken":"[\w-]+"/)
  })

  t.test('a token of another read is refused', async (t) => {
    const wrong: [string, Promise<{ body: Record<string, unknown> }>][] = [
      ['table', query({ ...ofA, pageToken }, other)],
      ['index', query({ ...ofA, pageToken, indexName: 'byColor' })],
      ['value', query({ ...ofA, expressionAttributeValues: { ':id': 'b' }, pageToken })],
      ['condition', query({ ...ofA, keyConditionExpression: 'id =  :id', pageToken })],
      ['operation', scan({ pageToken })],
      [
        'name',
        query({
          ...ofA,
          keyConditionExpression: '#i = :id',
          expressionAttributeNames: { '#i': 'id' },
          pageToken,
        }),
      ],
    ]
    for (const [what, answer] of wrong)
      t.match(
        (await answer).body,
        { status: 400, code: 'InvalidPageToken', detail: /^body\/pageToken is not valid/ },
        what,
      )
    const both = await query({ ...ofA, pageToken, exclusiveStartKey: { id: 'a', n: 4 } })
    t.match(both.body, {
      status: 400,
      code: 'InvalidRequest',
      detail: /^body\/pageToken and body\/exclusiveStartKey/,
    })
  })

  t.test('a token of a segment is one of this segment', async (t) => {
    const pages = await Promise.all([0, 1].map((segment) => scan({ segment, totalSegments: 2, limit: 1 })))
    const segment = pages.findIndex(({ body }) => 'nextPageToken' in body)
    const token = pages[segment]?.body['nextPageToken']
    t.equal((await scan({ segment, totalSegments: 2, pageToken: token })).status, 200)
    t.match((await scan({ segment: 1 - segment, totalSegments: 2, pageToken: token })).body, {
      code: 'InvalidPageToken',
    })
    t.match((await scan({ segment, totalSegments: 3, pageToken: token })).body, { code: 'InvalidPageToken' })
  })

  t.test('a token is in no log', async () => {
    const log = JSON.stringify(service.log)
    t.notMatch(log, String(pageToken))
    t.notMatch(log, SECRET)
  })
})
