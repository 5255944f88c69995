/** Signed calls on undici without retries, checks or logs: the minimum for a client without a gateway. */
import aws4 from 'aws4'
import { Pool } from 'undici'
import { batchWrite, caseNamed } from './cases.js'
import { typed } from './items.js'
import { type Lane, serveLoads } from './load.js'

const { origin, host } = new URL(process.env['AWS_ENDPOINT_URL_DYNAMODB'] ?? '')
const {
  AWS_REGION: region = '',
  AWS_ACCESS_KEY_ID: accessKeyId = '',
  AWS_SECRET_ACCESS_KEY: secretAccessKey = '',
} = process.env
const pool = new Pool(origin, { connections: 128 })

async function call(operation: string, body: Buffer): Promise<number> {
  const { headers } = aws4.sign(
    {
      service: 'dynamodb',
      region,
      host,
      path: '/',
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'content-length': body.length,
        'x-amz-target': `DynamoDB_20120810.${operation}`,
      },
      body,
    },
    { accessKeyId, secretAccessKey },
  )
  const answer = await pool.request({
    path: '/',
    method: 'POST',
    headers: headers as Record<string, string>,
    body,
  })
  await answer.body.text()
  return answer.statusCode
}

/** @param name the name of a case, or `BatchWriteItem` for the first 25 entries of the batch write */
serveLoads(async (name, connections) => {
  const operation = name === 'BatchWriteItem' ? name : caseNamed(name).operation
  const request = name === 'BatchWriteItem' ? batchWrite(typed).first : caseNamed(name).input(typed)
  const body = Buffer.from(JSON.stringify(request))
  const lane: Lane = {
    send: (done) => {
      call(operation, body).then(
        (status) => {
          done(status, false)
        },
        () => {
          done(0, false)
        },
      )
    },
  }
  return Array.from({ length: connections }, () => lane)
})
