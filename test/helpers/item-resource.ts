/** Requests to the URLs of items, and tables with keys of any type. */
import { randomUUID } from 'node:crypto'
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import type { Test } from 'tap'
import { DOCUMENT, type Service } from './service.js'

export type KeyType = 'S' | 'N' | 'B'

/** Creates a table with these key attributes, the partition key first; it is deleted with the test. */
export async function createTableOf(
  t: Test,
  service: Service,
  key: Record<string, KeyType>,
  tableName = `Test-${randomUUID()}`,
): Promise<string> {
  const { status, text } = await service.post('/v1/tables', {
    tableName,
    keySchema: Object.keys(key).map((attributeName, index) => ({
      attributeName,
      keyType: index === 0 ? 'HASH' : 'RANGE',
    })),
    attributeDefinitions: Object.entries(key).map(([attributeName, attributeType]) => ({
      attributeName,
      attributeType,
    })),
    billingMode: 'PAY_PER_REQUEST',
  })
  if (status !== 201) throw new Error(`no table: ${text}`)
  t.teardown(() => service.request(`/v1/tables/${tableName}`, { method: 'DELETE' }))
  return tableName
}

export const put = (service: Service, path: string, body: string, headers: Record<string, string> = {}) =>
  service.request(path, { method: 'PUT', body, headers: { 'content-type': DOCUMENT, ...headers } })
export const remove = (service: Service, path: string, headers: Record<string, string> = {}) =>
  service.request(path, { method: 'DELETE', headers })
export const tagOf = ({ headers }: { headers: Headers }) => headers.get('etag') ?? 'none'

/** Sends a path byte by byte, which `fetch` would normalize; resolves to the response as is. */
export function sendRaw(
  service: Service,
  method: string,
  path: string,
  headers: Record<string, string> = {},
) {
  return new Promise<{ status: number | undefined; headers: IncomingHttpHeaders; text: string }>(
    (resolve, reject) => {
      const { hostname, port } = new URL(service.url)
      const request = httpRequest({ hostname, port, method, path, headers }, (response) => {
        let text = ''
        response.on('data', (chunk: Buffer) => (text += chunk.toString()))
        response.on('end', () => {
          resolve({ status: response.statusCode, headers: response.headers, text })
        })
      })
      request.on('error', reject)
      request.end()
    },
  )
}
