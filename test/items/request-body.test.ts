/** What becomes of a request body, and what is wrong with it. */
import t from 'tap'
import { readBody, RequestBodyError } from '../../src/items/request-body.js'
import { document, type Representation, typed } from '../../src/items/representation.js'
import type { Shape } from '../../src/items/shape.js'
import { atOnce } from '../../src/json/in-slices.js'
import type { JsonError } from '../../src/json/reader.js'
import { bodies, limits, readValue, request } from '../helpers/request-bodies.js'

const itemShape: Shape = { kind: 'item' }

const textOf = ({ path, message }: JsonError) => `${path} ${message}`

/** Reads a body to its end, whatever is wrong with its fields. */
function readAll(body: string | Buffer, shape: Shape, representation = document) {
  const { value, errors } = atOnce(readBody(Buffer.from(body), shape, representation, limits))
  return { value, errors: errors.map(textOf) }
}

/** All errors of a body, as callers see them. */
function refusal(read: () => unknown): string {
  try {
    return `nothing was refused: ${String(read())}`
  } catch (error) {
    if (!(error instanceof RequestBodyError)) throw error
    return error.errors.map(textOf).join('; ')
  }
}

t.test('reads items as DynamoDB’s JSON and everything else as values', async (t) => {
  t.strictSame(readValue('{"item":{"a":1},"returnValues":"NONE"}', bodies.put, document), {
    item: Buffer.from('{"a":{"N":"1"}}'),
    returnValues: 'NONE',
  })
  t.strictSame(readValue('{"limit":1e1,"consistentRead":false}', bodies.query, document), {
    limit: 10,
    consistentRead: false,
  })
})

t.test('leaves values of the wrong type to the schema', async (t) => {
  for (const value of ['1', 'null', '"a"', '[]', '[{"unknown":1}]', '{"unknown":{"a":[1]}}']) {
    // Nothing is built of what is in such a value.
    const parsed: unknown = value.startsWith('[') ? [] : value.startsWith('{') ? {} : JSON.parse(value)
    t.strictSame(readValue(`{"returnValues":${value}}`, bodies.put, document), {
      // A parameter that is null is absent.
      ...(parsed !== null && { returnValues: parsed }),
    })
    if (value.startsWith('{')) {
      t.strictSame(readValue(`{"transactItems":${value}}`, bodies.transactGet, document), {
        transactItems: parsed,
      })
    } else {
      t.strictSame(readValue(value, bodies.put, document), parsed)
      t.strictSame(readValue(`{"expressionAttributeNames":${value}}`, bodies.put, document), {
        ...(parsed !== null && { expressionAttributeNames: parsed }),
      })
    }
  }
})

t.test('reports an unknown field by its name and its path, at every depth', async (t) => {
  const refused: [operation: keyof typeof bodies, body: string, message: string][] = [
    [
      'put',
      '{"conditionExpresion":"a"}',
      ' has an unknown field "conditionExpresion" (did you mean "conditionExpression"?)',
    ],
    ['put', '{"Item":{}}', ' has an unknown field "Item" (did you mean "item"?)'],
    ['put', '{"item":{},"":1}', ' has an unknown field ""'],
    ['put', '{"__proto__":{"item":{}}}', ' has an unknown field "__proto__"'],
    ['put', '{"constructor":1}', ' has an unknown field "constructor"'],
    ['put', '{"toString":1}', ' has an unknown field "toString"'],
    ['put', '{"a\\"\\u00e9":1}', ' has an unknown field "a\\"é"'],
    ['put', '{"tableName":"t"}', ' has an unknown field "tableName"'],
    ['put', '{"unknown":{"$binary":5}}', ' has an unknown field "unknown"'],
    [
      'batchGet',
      '{"requestItems":{"t":{"key":[]}}}',
      '/requestItems/t has an unknown field "key" (did you mean "keys"?)',
    ],
    [
      'batchWrite',
      '{"requestItems":{"t":[{"putRequest":{"item":{}}},{"updateRequest":{}}]}}',
      '/requestItems/t/1 has an unknown field "updateRequest"',
    ],
    [
      'batchWrite',
      '{"requestItems":{"__proto__":[{"putRequest":{"item":{},"key":{}}}]}}',
      '/requestItems/__proto__/0/putRequest has an unknown field "key"',
    ],
    [
      'transactWrite',
      '{"transactItems":[{"put":{"item":{},"conditionExpresion":"a"}}]}',
      '/transactItems/0/put has an unknown field "conditionExpresion" (did you mean "conditionExpression"?)',
    ],
    [
      'createTable',
      '{"keySchema":[{"attributeName":"a"},{"name":"b"}]}',
      '/keySchema/1 has an unknown field "name"',
    ],
  ]
  for (const [operation, body, message] of refused) {
    t.same(readAll(body, bodies[operation], document).errors, [message])
  }
})

t.test('reports all unknown fields at once, and the known fields beside them', async (t) => {
  const body = `{"transactItems": [
    {"get": {"tableName": "t", "keys": [{"a": [1, {"b": "}"}]}], "key": {"id": "a"}}, "foo": {"item": {}}},
    {"\\u0066oo": 1, "get": {"": null}}
  ], "limit": "x"}`
  t.strictSame(readAll(body, bodies.transactGet, document), {
    value: {
      transactItems: [{ get: { tableName: 't', key: Buffer.from('{"id":{"S":"a"}}') } }, { get: {} }],
    },
    errors: [
      '/transactItems/0/get has an unknown field "keys" (did you mean "key"?)',
      '/transactItems/0 has an unknown field "foo"',
      '/transactItems/1 has an unknown field "foo"',
      '/transactItems/1/get has an unknown field ""',
      ' has an unknown field "limit"',
    ],
  })
})

t.test('writes names in the path of an unknown field as the caller wrote them, as errors do', async (t) => {
  const body = (value: string) => Buffer.from(`{"requestItems":{"a\\"\\u00e9😀":{"keys":[],${value}}}}`)
  const { errors } = readAll(body('"foo":1'), bodies.batchGet, document)
  t.same(errors, ['/requestItems/a\\"\\u00e9😀 has an unknown field "foo"'])
  t.equal(
    refusal(() => readValue(body('"keys":[]'), bodies.batchGet)),
    '/requestItems/a\\"\\u00e9😀/keys has the name "keys" twice',
  )
})

t.test('stops at the eleventh error', async (t) => {
  const fields = (count: number) => Array.from({ length: count }, (_, i) => `"f${i}":0`).join(',')
  const unknown = (count: number) => Array.from({ length: count }, (_, i) => ` has an unknown field "f${i}"`)
  const { value, errors } = readAll(`{${fields(10)},"item":{}}`, bodies.put)
  t.strictSame(value, { item: Buffer.from('{}') })
  t.same(errors, unknown(10))
  t.equal(
    refusal(() => readAll(`{${fields(1_000_000)},"item":{}}`, bodies.put)),
    unknown(11).join('; '),
  )
  const keys = `{"requestItems":{"T":{"keys":[${'5,'.repeat(100)}{}]}}}`
  t.match(
    refusal(() => readAll(keys, bodies.batchGet)),
    /\/requestItems\/T\/keys\/10 must be an object$/,
  )
})

t.test('an item that is not one does not hide other errors', async (t) => {
  const all = (body: string) => refusal(() => readValue(body, bodies.put))
  const foo = ' has an unknown field "foo"'
  const bar = ' has an unknown field "bar"'
  t.equal(all('{"foo":[1,{}],"item":5,"bar":1}'), `${foo}; /item must be an object; ${bar}`)
  t.equal(
    all('{"item":{"a":[1,{"b":{"$binary":"x"}}]},"bar":1}'),
    `/item/a/1/b/$binary must be base64 with padding (RFC 4648, section 4); ${bar}`,
  )
  t.equal(all('{"item":5}'), '/item must be an object')
})

t.test('an error that ends the reading comes after those before it', async (t) => {
  const all = (body: string) => refusal(() => readValue(body, bodies.put))
  const foo = ' has an unknown field "foo"'
  t.equal(
    all('{"foo":1,"item":{}'),
    `${foo}; /item is not valid JSON: expected "," or "}", found the end at character 18`,
  )
  t.equal(all('{"foo":1,"foo":1}'), `${foo}; /foo has the name "foo" twice`)
  t.equal(
    all('{"foo":1,"bar":{"a":?}}'),
    `${foo}; /bar is not valid JSON: expected a value, found "?" at character 20`,
  )
  t.equal(
    all('{"item":{"a":{"$binary":5},"b":?}}'),
    '/item/a/$binary must be base64 as a string',
    'the first error of an item',
  )
  t.equal(all('{"item":{"a":?}}'), '/item/a is not valid JSON: expected a value, found "?" at character 13')
})

t.test('a body that is cut off is said to be so, wherever that is', async (t) => {
  const whole =
    '{"item":{"a":[1,{"$binary":"AA=="},{"$numberSet":[1]}]},"expressionAttributeNames":{"#a":"a"}}'
  const inTypes =
    '{"item":{"a":{"L":[{"N":"1"},{"BOOL":true},{"NULL":true},{"NS":["1"]},{"M":{"b":{"B":"AA=="}}}]}}}'
  for (const [text, representation] of [
    [whole, document],
    [inTypes, typed],
  ] as const) {
    readValue(text, bodies.put, representation)
    for (let end = 0; end < text.length; end++) {
      const refused = refusal(() => readValue(text.slice(0, end), bodies.put, representation))
      t.match(refused, / is not valid JSON: /, text.slice(0, end))
    }
  }
})

t.test('refuses more entries than there may be', async (t) => {
  const some = (count: number, entry = '{}') => Array(count).fill(entry).join(',')
  const named = (count: number, value: string) =>
    Array.from({ length: count }, (_, i) => `"t${i}":${value}`).join(',')
  const refused: [operation: keyof typeof bodies, body: string, message: string][] = [
    ['transactGet', `{"transactItems":[${some(101)}]}`, '/transactItems must have at most 100 entries'],
    ['transactWrite', `{"transactItems":[${some(101)}]}`, '/transactItems must have at most 100 entries'],
    ['batchGet', `{"requestItems":{${named(101, '{}')}}}`, '/requestItems must have at most 100 entries'],
    ['batchWrite', `{"requestItems":{${named(101, '[]')}}}`, '/requestItems must have at most 100 entries'],
    [
      'put',
      `{"expressionAttributeNames":{${named(4001, '"a"')}}}`,
      '/expressionAttributeNames must have at most 4000 entries',
    ],
    ['createTable', `{"tags":[${some(501)}]}`, '/tags must have at most 500 entries'],
    [
      'batchGet',
      `{"requestItems":{"A":{"keys":[${some(600)}]},"B":{"keys":[${some(401)}]}}}`,
      '/requestItems has more than 1000 entries (MAX_BATCH_ENTRIES). Split it into several requests',
    ],
    [
      'batchWrite',
      `{"requestItems":{"A":[${some(600)}],"B":[${some(401)}]}}`,
      '/requestItems has more than 1000 entries (MAX_BATCH_ENTRIES). Split it into several requests',
    ],
  ]
  for (const [operation, body, message] of refused) {
    t.equal(
      refusal(() => readValue(body, bodies[operation])),
      message,
    )
  }
})

t.test('treats null for an optional parameter as absent, at every depth', async (t) => {
  const absent: [operation: keyof typeof bodies, body: string, value: object][] = [
    ['put', '{"conditionExpression":null}', {}],
    ['put', '{"returnValues" : null , "expressionAttributeNames":\n null }', {}],
    ['put', '{"item":null,"expressionAttributeValues":null}', {}],
    [
      'query',
      '{"exclusiveStartKey":null,"limit":null,"consistentRead":null,"indexName":"i"}',
      { indexName: 'i' },
    ],
    ['batchGet', '{"requestItems":null}', {}],
    [
      'batchGet',
      '{"requestItems":{"T":{"keys":null,"projectionExpression":null}}}',
      { requestItems: { T: {} } },
    ],
    [
      'batchWrite',
      '{"requestItems":{"T":[{"putRequest":{"item":null},"deleteRequest":null}]}}',
      { requestItems: { T: [{ putRequest: {} }] } },
    ],
    [
      'transactWrite',
      '{"transactItems":[{"put":null,"delete":{"tableName":"t","conditionExpression":null}}],"clientRequestToken":null}',
      { transactItems: [{ delete: { tableName: 't' } }] },
    ],
    [
      'createTable',
      '{"sseSpecification":{"enabled":true,"sseType":null},"globalSecondaryIndexes":null}',
      { sseSpecification: { enabled: true } },
    ],
  ]
  for (const representation of [document, typed]) {
    for (const [operation, body, value] of absent) {
      t.strictSame(readValue(body, bodies[operation], representation), value, body)
    }
    t.equal(
      request('{"item":{},"conditionExpression":null}', bodies.put, representation),
      '{"Item":{}}',
      'and DynamoDB does not see it',
    )
  }
})

t.test('keeps null inside items, in lists, and under names that belong to the caller', async (t) => {
  const values: [operation: keyof typeof bodies, body: string, value: object][] = [
    ['put', '{"expressionAttributeNames":{"#a":null}}', { expressionAttributeNames: { '#a': null } }],
    ['batchGet', '{"requestItems":{"T":null}}', { requestItems: { T: null } }],
    ['batchWrite', '{"requestItems":{"T":[null]}}', { requestItems: { T: [null] } }],
    ['transactGet', '{"transactItems":[null]}', { transactItems: [null] }],
  ]
  for (const representation of [document, typed]) {
    for (const [operation, body, value] of values) {
      t.strictSame(readValue(body, bodies[operation], representation), value, body)
    }
    t.equal(readValue('null', bodies.put, representation), null)
  }
  const item = '{"item":{"a":null},"expressionAttributeValues":{":n":null}}'
  const typedItem = '{"item":{"a":{"NULL":true}},"expressionAttributeValues":{":n":{"NULL":true}}}'
  const expected = '{"Item":{"a":{"NULL":true}},"ExpressionAttributeValues":{":n":{"NULL":true}}}'
  t.equal(request(item, bodies.put), expected)
  t.equal(request(typedItem, bodies.put, typed), expected)
  t.equal(
    refusal(() => readValue(item, bodies.put, typed)),
    '/item/a must be an AttributeValue, such as {"S": "text"}; ' +
      '/expressionAttributeValues/:n must be an AttributeValue, such as {"S": "text"}',
  )
  for (const shape of [itemShape, { kind: 'list', elements: itemShape, maxEntries: 1 } as const]) {
    for (const representation of [document, typed]) {
      t.equal(
        refusal(() => readValue(shape.kind === 'item' ? 'null' : '[null]', shape, representation)),
        `${shape.kind === 'item' ? '' : '/0'} must be an object`,
      )
    }
  }
})

t.test('refuses an unknown, malformed or duplicate field whose value is null', async (t) => {
  t.same(readAll('{"foo":null}', bodies.put, document).errors, [' has an unknown field "foo"'])
  t.equal(
    refusal(() => readValue('{"item":nul}', bodies.put, document)),
    '/item is not valid JSON: expected a value, found "n" at character 8',
  )
  t.equal(
    refusal(() => readValue('{"item":null,"item":{}}', bodies.put, document)),
    '/item has the name "item" twice',
  )
})

t.test('refuses a field that occurs twice in one object', async (t) => {
  const refused: [operation: keyof typeof bodies, body: string, name: string][] = [
    ['put', '{"item":{"id":"a"},"item":{"id":"b"}}', '"item"'],
    ['put', '{"item":{},"\\u0069tem":{}}', '"\\u0069tem"'],
    ['put', '{"expressionAttributeNames":{"#a":"x","#a":"y"}}', '"#a"'],
    ['batchGet', '{"requestItems":{"t":{"keys":[]},"t":{"keys":[]}}}', '"t"'],
    ['batchGet', '{"requestItems":{"__proto__":{},"__proto__":{}}}', '"__proto__"'],
    ['transactWrite', '{"transactItems":[{"put":{},"put":{}}]}', '"put"'],
  ]
  for (const [operation, body, name] of refused) {
    t.ok(refusal(() => readValue(body, bodies[operation], document)).endsWith(` has the name ${name} twice`))
  }
})

t.test('refuses a malformed item with its path in the body', async (t) => {
  const refused: [
    operation: keyof typeof bodies,
    representation: Representation,
    body: string,
    message: string,
  ][] = [
    ['put', document, '{"item":5}', '/item must be an object'],
    ['put', document, '{"item":{"a":{"$binary":5}}}', '/item/a/$binary must be base64 as a string'],
    ['put', typed, '{"item":{"a":"b"}}', '/item/a must be an AttributeValue, such as {"S": "text"}'],
    [
      'put',
      document,
      '{"item":{},"expressionAttributeValues":{":v":{"$map":0}}}',
      '/expressionAttributeValues/:v/$map must be an object',
    ],
    [
      'batchWrite',
      typed,
      '{"requestItems":{"t":[{"putRequest":{"item":{"a":{"S":"a","N":"1"}}}}]}}',
      '/requestItems/t/0/putRequest/item/a must have exactly one type',
    ],
    [
      'batchGet',
      document,
      '{"requestItems":{"t":{"keys":[{},[]]}}}',
      '/requestItems/t/keys/1 must be an object',
    ],
  ]
  for (const [operation, representation, body, message] of refused) {
    t.equal(
      refusal(() => readValue(body, bodies[operation], representation)),
      message,
    )
  }
})

t.test('refuses a body that is not JSON or not Unicode', async (t) => {
  const refused: [body: string, message: string][] = [
    ['', ' is not valid JSON: expected a value, found the end at character 0'],
    ['{"item":{}} {}', ' is not valid JSON: expected the end, found "{" at character 12'],
    ['{"item":{},}', '/item is not valid JSON: expected a value after ",", found "}" at character 11'],
    [
      '{"conditionExpression":"\\ud800"}',
      '/conditionExpression has half a surrogate pair at character 24, which is no Unicode character',
    ],
    ['[[', ' is not valid JSON: expected a value, found the end at character 2'],
  ]
  for (const [body, message] of refused) {
    t.equal(
      refusal(() => readValue(body, bodies.put, document)),
      message,
    )
  }
})

t.test('refuses a body of a hundred thousand brackets without exhausting the stack', async (t) => {
  const starts = ['[', '{"item":', '{"item":{"a":', '{"returnValues":[', '{"transactItems":[{"get":{"key":']
  for (const start of starts) {
    for (const open of ['[', '{"a":', '{"$map":']) {
      for (const shape of [bodies.put, bodies.transactGet]) {
        for (const representation of [document, typed]) {
          const body = start + open.repeat(100_000)
          t.notMatch(
            refusal(() => readValue(body, shape, representation)),
            'nothing is refused',
          )
        }
      }
    }
  }
})
