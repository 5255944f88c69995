import t from 'tap'
import { batchGet } from '../../schemas/batch.js'
import { batchWrite } from '../../schemas/batch.js'
import { describeTable } from '../../schemas/tables.js'
import { put } from '../../schemas/items.js'
import { ProblemMembers } from '../../schemas/problem.js'
import { query } from '../../schemas/items.js'
import { transactGet } from '../../schemas/transactions.js'
import { translateAnswer } from '../../src/items/answer.js'
import { document, typed } from '../../src/items/representation.js'
import { readBody } from '../../src/items/request-body.js'
import { toRequest } from '../../src/items/to-request.js'
import { type Shape, shapeOf } from '../../src/items/shape.js'
import { atOnce } from '../../src/json/in-slices.js'
import { serialize } from '../../src/storage/request.js'
import { refusal } from '../helpers/attribute-value.js'

const answers = {
  put: shapeOf(put.response[200]),
  query: shapeOf(query.response[200]),
  batchGet: shapeOf(batchGet.response[200]),
  batchWrite: shapeOf(batchWrite.response[200]),
  transactGet: shapeOf(transactGet.response[200]),
  describeTable: shapeOf(describeTable.response[200]),
  problem: shapeOf(ProblemMembers),
}

/** DynamoDB's answer as the caller gets it. */
function answer(text: string, shape: Shape, representation = document): string {
  return atOnce(translateAnswer(Buffer.from(text), shape, representation)).json.toString()
}

t.test('turns field names into lower camel case and items into documents', async (t) => {
  const capacity = '"TableName":"T","CapacityUnits":1.5,"Table":{"ReadCapacityUnits":0.5}'
  const lowered = '"tableName":"T","capacityUnits":1.5,"table":{"readCapacityUnits":0.5}'
  const all: [operation: keyof typeof answers, answer: string, expected: string][] = [
    ['put', '{}', '{}'],
    [
      'put',
      '{"Attributes":{"Id":{"N":"1.10"},"B":{"B":"AA=="}}}',
      '{"attributes":{"Id":1.10,"B":{"$binary":"AA=="}}}',
    ],
    [
      'put',
      `{"ConsumedCapacity":{${capacity},"GlobalSecondaryIndexes":{"ByColor":{"CapacityUnits":1}}},` +
        '"ItemCollectionMetrics":{"ItemCollectionKey":{"Id":{"S":"a"}},"SizeEstimateRangeGB":[0.0,1.0]}}',
      `{"consumedCapacity":{${lowered},"globalSecondaryIndexes":{"ByColor":{"capacityUnits":1}}},` +
        '"itemCollectionMetrics":{"itemCollectionKey":{"Id":"a"},"sizeEstimateRangeGB":[0.0,1.0]}}',
    ],
    [
      'query',
      '{ "Count": 2, "Items": [ {"S": {"S": "a"}}, {"L": {"L": []}} ], "LastEvaluatedKey": {"Id": {"N": "2"}}, "ScannedCount": 3 }',
      '{"count":2,"items":[{"S":"a"},{"L":[]}],"lastEvaluatedKey":{"Id":2},"scannedCount":3}',
    ],
    ['query', '{"Count":0,"ScannedCount":0,"Items":[]}', '{"count":0,"scannedCount":0,"items":[]}'],
    [
      'batchGet',
      `{"Responses":{"T":[{"Id":{"S":"a"}}]},"UnprocessedKeys":{},"ConsumedCapacity":[{${capacity}}]}`,
      `{"responses":{"T":[{"Id":"a"}]},"unprocessedKeys":{},"consumedCapacity":[{${lowered}}]}`,
    ],
    [
      'batchWrite',
      '{"ItemCollectionMetrics":{"T":[{"ItemCollectionKey":{"Id":{"S":"a"}},"SizeEstimateRangeGB":[0,1]}]}}',
      '{"itemCollectionMetrics":{"T":[{"itemCollectionKey":{"Id":"a"},"sizeEstimateRangeGB":[0,1]}]}}',
    ],
    ['transactGet', '{"Responses":[{"Item":{"Id":{"S":"a"}}},{}]}', '{"responses":[{"item":{"Id":"a"}},{}]}'],
    [
      'problem',
      '{"UnprocessedKeys":{"T":{"Keys":[{"Id":{"S":"a"}}],"ConsistentRead":true,"ExpressionAttributeNames":{"#N":"N"}}}}',
      '{"unprocessedKeys":{"T":{"keys":[{"Id":"a"}],"consistentRead":true,"expressionAttributeNames":{"#N":"N"}}}}',
    ],
    [
      'problem',
      '{"UnprocessedItems":{"T":[{"PutRequest":{"Item":{"Id":{"SS":["a"]}}}},{"DeleteRequest":{"Key":{"Id":{"S":"b"}}}}]}}',
      '{"unprocessedItems":{"T":[{"putRequest":{"item":{"Id":{"$stringSet":["a"]}}}},{"deleteRequest":{"key":{"Id":"b"}}}]}}',
    ],
    [
      'problem',
      '{"CancellationReasons":[{"Code":"None"},{"Code":"ConditionalCheckFailed","Message":"no","Item":{"Id":{"S":"a"}}}]}',
      '{"cancellationReasons":[{"code":"None"},{"code":"ConditionalCheckFailed","message":"no","item":{"Id":"a"}}]}',
    ],
  ]
  for (const [operation, text, expected] of all) t.equal(answer(text, answers[operation]), expected)
})

t.test('copies typed items as they are', async (t) => {
  const item = '{ "id": {"S": "\\u0061"}, "n": {"N": "1.0"} }'
  t.equal(answer(`{"Attributes": ${item} }`, answers.put, typed), `{"attributes":${item}}`)
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
      answer(`{"Responses":{${table}:[{${table}:{"S":"a"}}]}}`, answers.batchGet),
      `{"responses":{${table}:[{${table}:"a"}]}}`,
    )
  }
})

t.test('unprocessed items can be sent again as they are', async (t) => {
  const unprocessed =
    '{"requestItems":{"T":[{"putRequest":{"item":{"__proto__":{"$map":{"$binary":1.0}}}}},{"deleteRequest":{"key":{"Id":"b"}}}]}}'
  const shape = shapeOf(batchWrite.body)
  const limits = { maxEntries: 2, hold: () => undefined }
  const { value: body } = atOnce(readBody(Buffer.from(unprocessed), shape, document, limits))
  if (typeof body !== 'object' || body === null) throw new TypeError('no object')
  const sent = serialize(toRequest(body, shape)).toString()
  const got = answer(sent.replace('RequestItems', 'UnprocessedItems'), answers.problem)
  t.equal(got.replace('unprocessedItems', 'requestItems'), unprocessed)
})

t.test('passes on fields that the schema does not know, in lower camel case', async (t) => {
  t.equal(
    answer(
      '{"NewField":{"SSEType":"KMS","Inner":[{"ABTest":null},[{"X":1.0}]]},"Count":1,"ConsumedCapacity":{"RowCount":[]}}',
      answers.query,
    ),
    '{"newField":{"sseType":"KMS","inner":[{"abTest":null},[{"x":1.0}]]},"count":1,"consumedCapacity":{"rowCount":[]}}',
  )
  t.equal(
    answer(
      '{"Table":{"TableName":"T","KeySchema":[{"AttributeName":"Id","KeyType":"HASH"}],"ItemCount":10,"SSEDescription":' +
        '{"SSEType":"KMS","KMSMasterKeyArn":"arn"},"CreationDateTime":1.7E9,"New":{"DeepField":[{}]},"Flag":true}}',
      answers.describeTable,
    ),
    '{"table":{"tableName":"T","keySchema":[{"attributeName":"Id","keyType":"HASH"}],"itemCount":10,"sseDescription":' +
      '{"sseType":"KMS","kmsMasterKeyArn":"arn"},"creationDateTime":1.7E9,"new":{"deepField":[{}]},"flag":true}}',
  )
})

t.test('returns the names of the fields of an answer', async (t) => {
  const output = Buffer.from('{"Item":{"a":{"S":"b"}},"Other":1}')
  const { json, names } = atOnce(translateAnswer(output, answers.problem, document))
  t.equal(json.toString(), '{"item":{"a":"b"},"other":1}')
  t.same(names, ['item', 'other'])
})

t.test('refuses an answer that is not a JSON object of its shape', async (t) => {
  for (const text of [
    '',
    '[]',
    '<html>',
    '{"Count":1',
    '{"Count":1} x',
    '{"Items":[{"a":{"Q":1}}]}',
    '{"Items":[{"a":1}]}',
  ]) {
    t.notMatch(
      refusal(() => answer(text, answers.query)),
      'nothing is refused',
    )
  }
})

t.test('number sets are translated wherever they stand in a long answer', async (t) => {
  // Not as JSON writes them, so that the whole way of a set is taken.
  const item = `{"pad":{"S":"${'x'.repeat(300_000)}"},"n":{"NS":["+1","02"]}}`
  const items = Array<string>(16).fill(item)
  const read = answer(`{"Responses":{"T":[${items.join(',')}]}}`, answers.batchGet)
  t.ok(read.length > 4 * 1024 * 1024)
  t.equal(read.split('"n":{"$numberSet":[1,2]}').length - 1, items.length)
})
