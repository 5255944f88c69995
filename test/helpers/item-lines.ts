/** Items as lines: imports, and scans as `application/x-ndjson`. */
import { DOCUMENT, NDJSON, type Service } from './service.js'

/** Imports a body of lines into a table. */
export const importLines = (service: Service, table: string, body: string | Buffer, headers = {}) =>
  service.request(`/v1/tables/${table}/import`, {
    method: 'POST',
    body,
    headers: { 'content-type': NDJSON, ...headers },
  })

/** Scans a table as lines; resolves to the lines in any order. */
export async function scanLines(service: Service, table: string, type = DOCUMENT, body: object = {}) {
  const { status, headers, text } = await service.post(`/v1/tables/${table}/scan`, body, {
    'content-type': type,
    accept: NDJSON,
  })
  if (status !== 200) throw new Error(text)
  if (headers.get('content-type') !== NDJSON)
    throw new Error(`it is ${headers.get('content-type') ?? 'nothing'}`)
  if (text !== '' && !text.endsWith('\n')) throw new Error('the last line has no end')
  return text.split('\n').slice(0, -1)
}
