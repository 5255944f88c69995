/** Requests that a browser must not send to the service for a page of another origin, in a real browser. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { needsBrowser, startBrowser } from '../helpers/browser.js'
import { scaled } from '../helpers/machine-speed.js'
import { createTable, needsDynamoDB, startService } from '../helpers/service.js'

const needs = { skip: needsDynamoDB.skip || needsBrowser.skip, timeout: scaled(240_000) }
if (needsBrowser.skip !== false)
  process.stderr.write(
    `\n*** ${needsBrowser.skip}\n*** Requests of pages of other origins are not tested.\n\n`,
  )

/** A starting browser and a starting database keep a small machine busy. */
const PATIENT = { attemptTimeoutMs: 30_000 }

t.test('pages of other origins', needs, async (t) => {
  const service = await startService(t, PATIENT)
  const table = await createTable(t, service)
  const chromium = await startBrowser(t, ['attacker.example'])
  const attacker = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Win a prize</title>')
  }).listen(0, '127.0.0.1')
  t.teardown(() => attacker.close())
  await new Promise((resolve) => attacker.once('listening', resolve))
  const { port } = attacker.address() as AddressInfo

  for (const origin of [
    `http://127.0.0.1:${port}`,
    `http://localhost:${port}`,
    `http://attacker.example:${port}`,
  ]) {
    t.test(`cannot write: ${origin.replace(/\d{1,5}$/, '…')}`, async (t) => {
      const page = await chromium.newPage()
      await page.goto(origin)
      // Without a Content-Type there is no preflight, and the service would read the body as a document.
      const sent = page.evaluate(
        async ([url, body]) => {
          await fetch(url, { method: 'POST', mode: 'no-cors', body: new Blob([body]) })
        },
        [`${service.url}/v1/tables/${table}/put`, '{"item":{"id":"evil"}}'] as const,
      )
      await t.rejects(sent, /Failed to fetch/, 'it does not even get an answer that it cannot read')
      t.match(service.log.at(-1), { method: 'POST', status: 403, code: 'Forbidden' })
      const { status } = await service.post(`/v1/tables/${table}/get`, { key: { id: 'evil' } })
      t.equal(status, 404)
    })
  }

  t.test('cannot tell whether an item exists', async (t) => {
    await service.post(`/v1/tables/${table}/put`, { item: { id: 'there' } })
    const page = await chromium.newPage()
    await page.goto(`http://attacker.example:${port}`)
    /** What the page sees of an element that loads a URL. */
    const seen = (tag: string, attribute: string, id: string) =>
      page.evaluate(
        `new Promise((resolve) => {
          const element = document.createElement('${tag}')
          element.onload = () => resolve('load')
          element.onerror = () => resolve('error')
          setTimeout(resolve, 5000, 'nothing')
          element['${attribute}'] = '${service.url}/v1/tables/${table}/items/${id}'
          document.body.append(element)
        })`,
      )
    for (const [tag, attribute] of [
      ['object', 'data'],
      ['img', 'src'],
      ['script', 'src'],
      ['iframe', 'src'],
    ] as const) {
      t.equal(await seen(tag, attribute, 'there'), await seen(tag, attribute, 'nobody'), tag)
    }
    t.ok(service.log.some(({ method, status }) => method === 'GET' && status === 403))
    t.notOk(service.log.some(({ method, status }) => method === 'GET' && status === 200))
  })

  t.test('may call the service if CORS_ORIGINS lists them', async (t) => {
    const origin = `http://attacker.example:${port}`
    const listed = await startService(t, { ...PATIENT, corsOrigins: [origin] })
    const page = await chromium.newPage()
    await page.goto(origin)
    const answered = await page.evaluate(async (url) => {
      const response = await fetch(url, {
        method: 'PUT',
        headers: { 'content-type': 'application/json', 'x-api-key': 'any', 'if-none-match': '*' },
        body: '{"by":"a page"}',
      })
      const read = await fetch(url)
      const missing = await fetch(`${url}-nobody`)
      return {
        status: response.status,
        requestId: response.headers.get('x-request-id'),
        etag: read.headers.get('etag'),
        problem: ((await missing.json()) as { code?: string }).code,
      }
    }, `${listed.url}/v1/tables/${table}/items/page`)
    t.match(answered, { status: 201, requestId: String, etag: String, problem: 'ItemNotFound' })
  })

  t.test('cannot read by a name that resolves to 127.0.0.1', async (t) => {
    const page = await chromium.newPage()
    const answer = await page.goto(`http://attacker.example:${new URL(service.url).port}/v1/tables`)
    t.equal(answer?.status(), 403, (await answer?.text()) ?? 'no answer')
  })
})
