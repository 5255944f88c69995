/** `npm run test:build`: starts the build with `npm start`, writes and reads an item in DynamoDB Local, and shuts it down. */
import assert from 'node:assert/strict'
import { packageRoot } from '../src/package-root.js'
import { missingJava, startDynamoDBLocal, useLocalEnvironment } from '../src/local/dynamodb-local.js'
import { startServiceProcess } from './local/service-process.js'

const missing = await missingJava()
if (missing !== undefined) {
  process.stderr.write(`${missing}\n`)
  process.exit(1)
}

useLocalEnvironment()
const dynamodb = await startDynamoDBLocal()
try {
  const service = await startServiceProcess(['npm', 'start'], packageRoot, {
    ...process.env,
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint,
    HOST: '127.0.0.1',
    PORT: '0',
    TABLE_ADMIN: 'true',
  })
  try {
    await useIt(service.url)
  } finally {
    const end = await service.stop()
    say('SIGTERM', end)
    assert.equal(end, 0)
  }
} finally {
  await dynamodb.stop()
}

async function useIt(url: string): Promise<void> {
  const item = { id: 'u1', age: 36 }
  const call = async (path: string, body?: object) => {
    const answer = await fetch(url + path, {
      ...(body !== undefined && {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    })
    const text = await answer.text()
    say(path, answer.status, text)
    assert.ok(answer.ok)
    return JSON.parse(text) as unknown
  }

  await call('/health/live')
  await call('/health/ready')
  await call('/v1/tables', {
    tableName: 'Smoke',
    attributeDefinitions: [{ attributeName: 'id', attributeType: 'S' }],
    keySchema: [{ attributeName: 'id', keyType: 'HASH' }],
    billingMode: 'PAY_PER_REQUEST',
  })
  await call('/v1/tables/Smoke/put', { item })
  assert.deepEqual(await call('/v1/tables/Smoke/get', { key: { id: 'u1' } }), { item })
}

function say(...words: readonly (string | number)[]): void {
  process.stdout.write(`${words.join(' ')}\n`)
}
