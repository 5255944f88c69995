import * as dynamodb from '@aws-sdk/client-dynamodb'
import t from 'tap'
import { toDynamoDBName, toFieldName } from '../../src/items/field-names.js'

t.test('turns DynamoDB’s name into lower camel case and lowers an abbreviation as a whole', async (t) => {
  const names: [field: string, dynamoDBName: string][] = [
    ['item', 'Item'],
    ['key', 'Key'],
    ['tableName', 'TableName'],
    ['keyConditionExpression', 'KeyConditionExpression'],
    ['unprocessedItems', 'UnprocessedItems'],
    ['sseDescription', 'SSEDescription'],
    ['sseSpecification', 'SSESpecification'],
    ['sseType', 'SSEType'],
    ['kmsMasterKeyId', 'KMSMasterKeyId'],
    ['kmsMasterKeyArn', 'KMSMasterKeyArn'],
    ['sizeEstimateRangeGB', 'SizeEstimateRangeGB'],
    ['latestStreamArn', 'LatestStreamArn'],
    ['s3BucketSource', 'S3BucketSource'],
  ]
  for (const [field, dynamoDBName] of names) {
    t.equal(toDynamoDBName(field), dynamoDBName)
    t.equal(toFieldName(dynamoDBName), field)
  }
})

t.test('keeps a name that is already in lower camel case', async (t) => {
  for (const name of ['code', 'message', '__type', 'sse', 'kmsKey', '']) t.equal(toFieldName(name), name)
})

t.test('treats only a whole word as an abbreviation', async (t) => {
  t.equal(toDynamoDBName('sset'), 'Sset')
  t.equal(toDynamoDBName('kms'), 'Kms')
  t.equal(toDynamoDBName('assess'), 'Assess')
  t.equal(toDynamoDBName(''), '')
})

t.test('turns every field name of DynamoDB into lower camel case and back', async (t) => {
  // The SDK describes a structure as [3, namespace, name, traits, the names of its members, …].
  const shapes: unknown[] = Object.values(dynamodb)
  const memberNames = shapes.flatMap((shape): unknown[] => {
    const parts: readonly unknown[] = Array.isArray(shape) ? shape : []
    return parts[0] === 3 && Array.isArray(parts[4]) ? parts[4] : []
  })
  // Two fields of its errors are not in DynamoDB's usual case: `reason` and `resource`.
  const names = new Set(
    memberNames.filter((name) => typeof name === 'string').filter((name) => /^[A-Z]/.test(name)),
  )
  t.ok(names.has('KeyConditionExpression') && names.has('KMSMasterKeyArn') && names.size > 300)
  for (const name of names) {
    // The types of an AttributeValue are not fields.
    if (/^(?:S|N|B|SS|NS|BS|M|L|NULL|BOOL)$/.test(name)) continue
    if (toDynamoDBName(toFieldName(name)) !== name)
      t.fail(`${name} comes back as ${toDynamoDBName(toFieldName(name))}`)
  }
  const fields = [...names].map(toFieldName)
  t.equal(new Set(fields).size, names.size, 'no two names become the same field')
})
