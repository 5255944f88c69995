/** The endpoints of DynamoDB and DynamoDB Streams, as the provider chain of the SDK has them. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { useLocalEnvironment } from '../../../src/local/dynamodb-local.js'
import { resolveConnection } from '../../../src/storage/call/connection.js'

const DYNAMODB = 'AWS_ENDPOINT_URL_DYNAMODB'
const STREAMS = 'AWS_ENDPOINT_URL_DYNAMODB_STREAMS'

/** The endpoint of DynamoDB Streams in an environment. */
async function streamsIn(environment: Readonly<Record<string, string>>): Promise<string> {
  useLocalEnvironment()
  const before = { ...process.env }
  Object.assign(process.env, environment)
  try {
    return (await resolveConnection()).streamsEndpoint.href
  } finally {
    process.env = before
  }
}

t.test('the endpoint of DynamoDB Streams', async (t) => {
  for (const [name, environment, endpoint] of [
    ['is that of the region', {}, 'https://streams.dynamodb.eu-central-1.amazonaws.com/'],
    [
      'is in the partition of the region',
      { AWS_REGION: 'cn-north-1' },
      'https://streams.dynamodb.cn-north-1.amazonaws.com.cn/',
    ],
    ['is what the environment says', { [STREAMS]: 'http://127.0.0.1:1' }, 'http://127.0.0.1:1/'],
    [
      'is what the environment says, whatever that of DynamoDB is',
      { [STREAMS]: 'http://127.0.0.1:1', [DYNAMODB]: 'http://127.0.0.1:2' },
      'http://127.0.0.1:1/',
    ],
    ['is that of DynamoDB Local', { [DYNAMODB]: 'http://127.0.0.1:2' }, 'http://127.0.0.1:2/'],
    [
      'is not that of DynamoDB in a VPC',
      { [DYNAMODB]: 'https://vpce-1.dynamodb.eu-central-1.vpce.amazonaws.com' },
      'https://streams.dynamodb.eu-central-1.amazonaws.com/',
    ],
  ] as const) {
    t.test(name, async (t) => {
      t.equal(await streamsIn(environment), endpoint)
    })
  }

  t.test('is that of a shared file', async (t) => {
    const file = join(t.testdir(), 'config')
    const endpoint = 'http://127.0.0.1:3/'
    writeFileSync(
      file,
      `[default]\nservices = local\n[services local]\ndynamodb_streams =\n  endpoint_url = ${endpoint}\n`,
    )
    t.equal(await streamsIn({ AWS_CONFIG_FILE: file }), endpoint)
  })

  t.test('must be an http or https URL', async (t) => {
    await t.rejects(streamsIn({ [STREAMS]: 'ftp://127.0.0.1' }), { message: /must be an http or https URL/ })
  })
})

t.test('one endpoint that is given is that of both', async (t) => {
  useLocalEnvironment()
  const { endpoint, streamsEndpoint } = await resolveConnection('http://127.0.0.1:4')
  t.strictSame([endpoint.href, streamsEndpoint.href], ['http://127.0.0.1:4/', 'http://127.0.0.1:4/'])
})
