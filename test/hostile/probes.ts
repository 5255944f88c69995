/** The examples of the API's description as requests: they are sent before and after an attack. */
import { describedRoutes } from '../../scripts/openapi/registered-routes.js'
import { RawClient } from './raw-client.js'
import type { RawRequest } from './requests.js'

/**
 * One valid request to each route.
 * @param credentials the header that names the caller, if there has to be one
 */
export async function probes(credentials?: string): Promise<readonly RawRequest[]> {
  const routes = await describedRoutes()
  return routes.map(({ method, url, schema }) => {
    const verb = [method].flat()[0] ?? 'GET'
    const target = url
      .replace(':table', url.endsWith('/:partitionKey') ? 'Customers' : 'Orders')
      .replace(':partitionKey', 'ada')
      .replace(':sortKey', '2026-11-02')
    const example = schema.body?.examples?.[0]
    const body =
      schema.bodyStreams === undefined
        ? example === undefined
          ? ''
          : JSON.stringify(example)
        : '{"customer":"a","placed":"b"}'
    const mediaType = schema.bodyStreams === undefined ? 'application/json' : 'application/x-ndjson'
    const headers = [
      'host: 127.0.0.1',
      'x-request-id: probe',
      ...(credentials === undefined ? [] : [credentials]),
      'idempotency-key: "probe"',
      `content-type: ${mediaType}`,
      `content-length: ${Buffer.byteLength(body)}`,
    ]
    return {
      method: verb,
      bytes: Buffer.from([`${verb} ${target} HTTP/1.1`, ...headers, '', body].join('\r\n')),
    }
  })
}

/** Sends requests and resolves to their answers, without what differs each time. */
export async function probe(port: number, requests: readonly RawRequest[]): Promise<readonly object[]> {
  const client = new RawClient(port)
  const answers: object[] = []
  for (const { method, bytes } of requests) {
    for (const { status, headers, body } of await client.send(bytes, [method])) {
      const lasting = [...headers].filter(([name]) => name !== 'date').sort()
      answers.push({ status, headers: lasting, body: body.toString() })
    }
  }
  client.close()
  return answers
}
