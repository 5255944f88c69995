/** `text/csv` out, read by `csv-parse`. */
import { parse } from 'csv-parse/sync'
import t from 'tap'
import { csv } from '../../src/items/csv-pages.js'
import { document } from '../../src/items/representation.js'
import type { DynamoDBRequest } from '../../src/storage/request.js'

/** The text of a stream of these pages, each a list of items in DynamoDB's JSON. */
async function written(pages: readonly string[][], request: DynamoDBRequest = {}, dropExtra = false) {
  const keyNames = async () => ['id', 'n']
  const read = await csv.open({ representation: document, request, keyNames, dropExtra })
  const parts = pages.map((items, index) => {
    const more = index < pages.length - 1 ? ',"LastEvaluatedKey":{"id":{"S":"x"}}' : ''
    return read(Buffer.from(`{"Items":[${items.join(',')}],"Count":1${more}}`)).bytes.toString()
  })
  return parts.join('')
}

t.test('writes every type, and only the quotes that are needed', async (t) => {
  const text = await written([
    [
      '{"z":{"S":"a,b"},"id":{"S":"1"},"n":{"N":"12345678901234567890.10"},"b":{"BOOL":true},"q":{"S":"say \\"hi\\"\\r\\n\\u00e9"}}',
      '{"id":{"S":"2"},"n":{"N":"+05"},"b":{"NULL":true},"z":{"S":""},"q":{"S":" 😀 "}}',
      '{"id":{"S":"=1+1"},"n":{"N":"1"},"q":{"M":{"a":{"L":[{"N":"1"}]}}},"z":{"SS":["x","y"]},"b":{"B":"AAEC"}}',
    ],
  ])
  t.equal(
    text,
    'id,n,b,q,z\r\n' +
      '1,12345678901234567890.10,true,"say ""hi""\r\né","a,b"\r\n' +
      '2,5,null, 😀 ,""\r\n' +
      '=1+1,1,"{""$binary"":""AAEC""}","{""a"":[1]}","{""$stringSet"":[""x"",""y""]}"\r\n',
  )
  t.same(parse(text, { columns: true }), [
    { id: '1', n: '12345678901234567890.10', b: 'true', q: 'say "hi"\r\né', z: 'a,b' },
    { id: '2', n: '5', b: 'null', q: ' 😀 ', z: '' },
    { id: '=1+1', n: '1', b: '{"$binary":"AAEC"}', q: '{"a":[1]}', z: '{"$stringSet":["x","y"]}' },
  ])
})

t.test('takes the columns from the first page that has items, the key first', async (t) => {
  const item = (id: string, ...more: string[]) =>
    `{${[`"id":{"S":"${id}"},"n":{"N":"1"}`, ...more].join(',')}}`
  const b = '"b":{"S":"2"}'
  t.equal(
    await written([[], [item('1', b), item('2', '"a":{"S":"1"}')], [item('3')]]),
    'id,n,a,b\r\n1,1,,2\r\n2,1,1,\r\n3,1,,\r\n',
  )
  t.equal(await written([[], []]), 'id,n\r\n', 'no items')
  await t.rejects(written([[item('1')], [item('2', b)]]), { message: /^the attribute "b" has no column/ })
  t.equal(await written([[item('1')], [item('2', b)]], {}, true), 'id,n\r\n1,1\r\n2,1\r\n')
})

t.test('takes the columns from a projection, in its order', async (t) => {
  const request = {
    ProjectionExpression: 'b , #p.c[0],a[1], #p.d',
    ExpressionAttributeNames: { '#p': 'p,"q"' },
  }
  t.equal(
    await written([['{"a":{"L":[{"N":"1"}]},"b":{"S":"x"}}'], ['{"p,\\"q\\"":{"M":{}}}']], request),
    'b,"p,""q""",a\r\nx,,[1]\r\n,{},\r\n'.replace('[1]', '"[1]"').replace('{}', '"{}"'),
  )
  t.equal(await written([[]], request), 'b,"p,""q""",a\r\n', 'no items')
})
