/** Request bodies as DynamoDB's requests. */
import t from 'tap'
import { document, typed } from '../../src/items/representation.js'
import { toRequest } from '../../src/items/to-request.js'
import { serialize } from '../../src/storage/request.js'
import { bodies, readValue, request } from '../helpers/request-bodies.js'

t.test('turns a body into DynamoDB’s request: names get a capital, items get types', async (t) => {
  const requests: [operation: keyof typeof bodies, body: string, request: string][] = [
    ['put', '{"item":{"id":"a","price":1.10}}', '{"Item":{"id":{"S":"a"},"price":{"N":"1.10"}}}'],
    [
      'put',
      `{ "item": {"id": "a"}, "conditionExpression": "#v = :v", "expressionAttributeNames": {"#v": "version"},
         "expressionAttributeValues": {":v": 7}, "returnValues": "ALL_OLD" }`,
      '{"Item":{"id":{"S":"a"}},"ConditionExpression":"#v = :v","ExpressionAttributeNames":{"#v":"version"},' +
        '"ExpressionAttributeValues":{":v":{"N":"7"}},"ReturnValues":"ALL_OLD"}',
    ],
    [
      'query',
      '{"keyConditionExpression":"id = :i","limit":10,"consistentRead":true,"scanIndexForward":false,' +
        '"exclusiveStartKey":{"id":"a","n":1}}',
      '{"KeyConditionExpression":"id = :i","Limit":10,"ConsistentRead":true,"ScanIndexForward":false,' +
        '"ExclusiveStartKey":{"id":{"S":"a"},"n":{"N":"1"}}}',
    ],
    [
      'batchGet',
      '{"requestItems":{"Orders":{"keys":[{"id":"a"},{"id":"b"}],"projectionExpression":"#n",' +
        '"expressionAttributeNames":{"#n":"name"}},"people":{"keys":[{"id":1}],"consistentRead":true}}}',
      '{"RequestItems":{"Orders":{"Keys":[{"id":{"S":"a"}},{"id":{"S":"b"}}],"ProjectionExpression":"#n",' +
        '"ExpressionAttributeNames":{"#n":"name"}},"people":{"Keys":[{"id":{"N":"1"}}],"ConsistentRead":true}}}',
    ],
    [
      'batchWrite',
      '{"requestItems":{"orders":[{"putRequest":{"item":{"id":"a"}}},{"deleteRequest":{"key":{"id":"b"}}}]}}',
      '{"RequestItems":{"orders":[{"PutRequest":{"Item":{"id":{"S":"a"}}}},{"DeleteRequest":{"Key":{"id":{"S":"b"}}}}]}}',
    ],
    [
      'transactGet',
      '{"transactItems":[{"get":{"tableName":"orders","key":{"id":"a"}}}]}',
      '{"TransactItems":[{"Get":{"TableName":"orders","Key":{"id":{"S":"a"}}}}]}',
    ],
    [
      'transactWrite',
      '{"transactItems":[{"put":{"tableName":"t","item":{"id":"a"}}},{"update":{"tableName":"t","key":{"id":"b"},' +
        '"updateExpression":"SET n = :n","expressionAttributeValues":{":n":{"$numberSet":[1]}}}},' +
        '{"delete":{"tableName":"t","key":{"id":"c"}}},' +
        '{"conditionCheck":{"tableName":"t","key":{"id":"d"},"conditionExpression":"attribute_exists(id)"}}],' +
        '"clientRequestToken":"once"}',
      '{"TransactItems":[{"Put":{"TableName":"t","Item":{"id":{"S":"a"}}}},{"Update":{"TableName":"t","Key":{"id":{"S":"b"}},' +
        '"UpdateExpression":"SET n = :n","ExpressionAttributeValues":{":n":{"NS":["1"]}}}},' +
        '{"Delete":{"TableName":"t","Key":{"id":{"S":"c"}}}},' +
        '{"ConditionCheck":{"TableName":"t","Key":{"id":{"S":"d"}},"ConditionExpression":"attribute_exists(id)"}}],' +
        '"ClientRequestToken":"once"}',
    ],
    [
      'createTable',
      '{"tableName":"t","keySchema":[{"attributeName":"id","keyType":"HASH"}],"sseSpecification":' +
        '{"enabled":true,"sseType":"KMS","kmsMasterKeyId":"k"},"globalSecondaryIndexes":[{"indexName":"i",' +
        '"projection":{"projectionType":"INCLUDE","nonKeyAttributes":["a","b"]}}]}',
      '{"TableName":"t","KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],"SSESpecification":' +
        '{"Enabled":true,"SSEType":"KMS","KMSMasterKeyId":"k"},"GlobalSecondaryIndexes":[{"IndexName":"i",' +
        '"Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["a","b"]}}]}',
    ],
  ]
  for (const [operation, body, expected] of requests) t.equal(request(body, bodies[operation]), expected)
})

t.test('puts the parameters that do not come from the body first', async (t) => {
  const parameters = { TableName: 'a"b', Limit: 5 }
  t.equal(
    request('{"item":{}}', bodies.put, document, parameters),
    '{"TableName":"a\\"b","Limit":5,"Item":{}}',
  )
  t.equal(serialize(toRequest({}, bodies.put, parameters)).toString(), '{"TableName":"a\\"b","Limit":5}')
  t.equal(serialize(toRequest({}, bodies.put)).toString(), '{}')
  t.strictSame(parameters, { TableName: 'a"b', Limit: 5 }, 'the parameters themselves stay as they are')
})

t.test('copies typed items as they are', async (t) => {
  const item = '{ "id": {"S": "\\u0061"}, "n": {"N": "1.0"} }'
  t.equal(request(`{"item": ${item} }`, bodies.put, typed), `{"Item":${item}}`)
})

t.test('keeps names that belong to the caller', async (t) => {
  const names = [
    'Orders',
    'orders',
    'SSE',
    '__proto__',
    'constructor',
    'toString',
    'a"b\\c',
    'é😀',
    '',
    '#KeySchema',
  ]
  for (const name of names) {
    const table = JSON.stringify(name)
    t.equal(
      request(`{"requestItems":{${table}:[{"deleteRequest":{"key":{${table}:"a"}}}]}}`, bodies.batchWrite),
      `{"RequestItems":{${table}:[{"DeleteRequest":{"Key":{${table}:{"S":"a"}}}}]}}`,
    )
    t.equal(
      request(`{"expressionAttributeNames":{${table}:${table}}}`, bodies.put),
      `{"ExpressionAttributeNames":{${table}:${table}}}`,
    )
  }
})

t.test('builds a request without copying or serializing items', async (t) => {
  const [item, key] = [Buffer.from('{"id":{"S":"a"}}'), Buffer.from('{"id":{"S":"b"}}')]
  const body = { requestItems: { T: [{ putRequest: { item } }, { deleteRequest: { key } }] } }
  const built = toRequest(body, bodies.batchWrite, { ReturnConsumedCapacity: 'TOTAL' })
  t.same(Object.keys(built), ['ReturnConsumedCapacity', 'RequestItems'])
  t.strictSame(built, {
    ReturnConsumedCapacity: 'TOTAL',
    RequestItems: { T: [{ PutRequest: { Item: item } }, { DeleteRequest: { Key: key } }] },
  })
  t.equal(toRequest({ item }, bodies.put)['Item'], item)
})

t.test('builds a request without losing a name such as __proto__', async (t) => {
  const body = readValue('{"requestItems":{"__proto__":{"keys":[]}}}', bodies.batchGet)
  const built = toRequest(body as object, bodies.batchGet)['RequestItems'] ?? {}
  t.same(Object.keys(built), ['__proto__'])
})
