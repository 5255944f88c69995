/** `POST /v1/tables/{table}/import` with `AUTH=policy`: each put and each delete is decided. */
import t from 'tap'
import { keyHolder } from '../helpers/access.js'
import { importLines } from '../helpers/item-lines.js'
import { createTable, needsDynamoDB, startService } from '../helpers/service.js'

const admin = keyHolder('admin', ['admin'])
const putter = keyHolder('putter', ['putter'])
const policy = {
  roles: {
    admin: [{ tables: ['*'], actions: ['read', 'write', 'scan', 'admin'] }],
    putter: [{ tables: ['*'], actions: ['PutItem'] }],
  },
  keys: [admin.entry, putter.entry],
}

t.test('a delete in an import needs a grant for deletes', needsDynamoDB, async (t) => {
  const service = await startService(t, {}, undefined, policy)
  const asAdmin = {
    ...service,
    post: async (path: string, body: unknown) => service.post(path, body, admin.headers),
    request: async (path: string, init: RequestInit) =>
      service.request(path, { ...init, headers: admin.headers }),
  }
  const table = await createTable(t, asAdmin)
  const lines = ['{"id":"a"}', '{"Item":{"id":{"S":"b"}}}', '{"Keys":{"id":{"S":"a"}}}', '{"id":"c"}']
  for (const [body, line] of [
    [lines.join('\n'), 3],
    [`\n{"DeleteRequest":{"Key":{"id":{"S":"a"}}}}`, 2],
  ] as const) {
    const { status, body: answer } = await importLines(service, table, body, putter.headers)
    t.equal(status, 403)
    t.match(answer, { code: 'Forbidden', line, detail: /DeleteItem/ })
  }
  const { body } = await importLines(service, table, lines.join('\n'), admin.headers)
  t.same(body, { written: 4 })
})
