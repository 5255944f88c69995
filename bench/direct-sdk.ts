/** The SDK's client, called in a loop by the process that needs the answers: no gateway. One log line per call. */
import { isDeepStrictEqual } from 'node:util'
import {
  BatchGetItemCommand,
  type BatchGetItemCommandInput,
  DynamoDBClient,
  GetItemCommand,
  type GetItemCommandInput,
  PutItemCommand,
  type PutItemCommandInput,
  QueryCommand,
  type QueryCommandInput,
  TransactWriteItemsCommand,
  type TransactWriteItemsCommandInput,
} from '@aws-sdk/client-dynamodb'
import { pino } from 'pino'
import { type Case, caseNamed } from './cases.js'
import { typed } from './items.js'
import { type Lane, serveLoads } from './load.js'

const client = new DynamoDBClient({})
const logger = pino({ level: 'info' })

/** One call, as in an application. */
function callOf({ operation, input }: Case): () => Promise<object> {
  const request: unknown = input(typed)
  switch (operation) {
    case 'GetItem':
      return () => client.send(new GetItemCommand(request as GetItemCommandInput))
    case 'PutItem':
      return () => client.send(new PutItemCommand(request as PutItemCommandInput))
    case 'Query':
      return () => client.send(new QueryCommand(request as QueryCommandInput))
    case 'BatchGetItem':
      return () => client.send(new BatchGetItemCommand(request as BatchGetItemCommandInput))
    case 'TransactWriteItems':
      return () => client.send(new TransactWriteItemsCommand(request as TransactWriteItemsCommandInput))
  }
}

const checked = new Set<string>()

serveLoads(async (name, connections) => {
  const measured = caseNamed(name)
  const { operation, output } = measured
  const call = callOf(measured)
  if (!checked.has(name)) {
    const answer = JSON.parse(JSON.stringify({ ...(await call()), $metadata: undefined })) as unknown
    if (!isDeepStrictEqual(answer, output)) throw new Error(`${name}: ${JSON.stringify(answer)}`)
    checked.add(name)
  }
  const lane: Lane = {
    send: (done) => {
      const start = performance.now()
      const end = (statusCode: number) => {
        logger.info({ operation, statusCode, responseTime: performance.now() - start }, 'call completed')
        done(statusCode, false)
      }
      call().then(
        () => {
          end(200)
        },
        () => {
          end(500)
        },
      )
    },
  }
  return Array.from({ length: connections }, () => lane)
})
