/** Export of a table to lines and import from lines with the SDK's document client: no gateway. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { BatchWriteCommand, DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb'
import { streamed } from './cases.js'
import { mapMembers, plain } from './items.js'

const client = DynamoDBDocumentClient.from(new DynamoDBClient({}))
const CONCURRENCY = 8
const PUTS = 25

async function out(pages: number): Promise<number> {
  let items = 0
  for await (const page of paginateScan({ client }, { TableName: `pages-${pages}` })) {
    const lines = page.Items?.map((item) => `${JSON.stringify(item)}\n`) ?? []
    Buffer.from(lines.join(''))
    items += lines.length
  }
  return items
}

const lines = streamed.map((item) => JSON.stringify(mapMembers(item, plain)))

async function into(pages: number): Promise<number> {
  let next = 0
  const total = pages * lines.length
  const send = async () => {
    while (next < total) {
      const from = next % lines.length
      next += PUTS
      const puts = lines.slice(from, from + PUTS).map((line) => ({
        PutRequest: { Item: JSON.parse(line) as Record<string, unknown> },
      }))
      await client.send(new BatchWriteCommand({ RequestItems: { imported: puts } }))
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, send))
  return total
}

process.on('message', ({ what, pages }: { what: 'out' | 'in'; pages: number }) => {
  void (what === 'out' ? out(pages) : into(pages)).then((items) => process.send?.(items))
})
