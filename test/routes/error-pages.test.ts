import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { CODES, rowOf, type Code } from '../../schemas/parts/codes.js'
import { packageRoot } from '../../src/package-root.js'
import { speak } from '../helpers/raw-http.js'
import { startService } from '../helpers/service.js'

const BROWSER = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }
const NOWHERE = 'http://127.0.0.1:9'
const codes = Object.keys(CODES) as Code[]

t.test('the pages at /errors', async (t) => {
  // None of these requests reaches DynamoDB.
  const service = await startService(t, {}, NOWHERE)

  t.test('GET /errors is docs/errors.md, in Markdown', async (t) => {
    const { status, headers, text } = await service.get('/errors')
    t.strictSame([status, headers.get('content-type')], [200, 'text/markdown; charset=utf-8'])
    t.equal(text, readFileSync(join(packageRoot, 'docs/errors.md'), 'utf8'))
  })

  t.test('GET /errors is a page for browsers, with an anchor for each code', async (t) => {
    const { status, headers, text } = await service.get('/errors', BROWSER)
    t.strictSame([status, headers.get('content-type')], [200, 'text/html; charset=utf-8'])
    for (const code of codes) {
      t.match(text, `<a href="#${code.toLowerCase()}">`)
      t.match(text, `<h3 id="${code.toLowerCase()}">${code}</h3>`)
    }
    t.notMatch(text, /href="[^"#]*\.md/, 'no link to a page that the service does not serve')
  })

  for (const code of codes) {
    t.test(`GET /errors/${code} says what it means, in both media types`, async (t) => {
      const { status, title, cause } = rowOf(code)
      const markdown = await service.get(`/errors/${code}`)
      t.equal(markdown.status, 200)
      for (const part of [`# ${code}\n`, String(status), title, cause, `"code": "${code}"`])
        t.ok(markdown.text.includes(part), part)
      t.equal(markdown.text.match(/^#/gm)?.length, 1, 'its own entry only')
      const html = await service.get(`/errors/${code}`, BROWSER)
      t.equal(html.headers.get('content-type'), 'text/html; charset=utf-8')
      t.match(html.text, `<h1 id="${code.toLowerCase()}">${code}</h1>`)
      t.match(html.text, `<title>${code}: dynamodb-storage-service</title>`)
      t.match(html.text, `&quot;code&quot;: &quot;${code}&quot;`)
    })
  }

  t.test('an unknown code gets 404', async (t) => {
    for (const code of ['Nothing', 'itemnotfound', 'toString', '%3Cscript%3E']) {
      const { status, body } = await service.get(`/errors/${code}`, BROWSER)
      t.equal(status, 404)
      t.match(body, {
        code: 'RouteNotFound',
        detail: /^There is no error code .*GET \/errors lists all codes\.$/,
      })
    }
  })

  t.test('a browser may run nothing on them, and caches revalidate them', async (t) => {
    for (const headers of [{}, BROWSER]) {
      const { headers: sent, text } = await service.get('/errors/ItemNotFound', headers)
      t.match(sent.get('content-security-policy'), /^default-src 'none'; /)
      t.notMatch(sent.get('content-security-policy'), /unsafe|http|\*/)
      t.notMatch(text, /<script|<style|style=|https?:\/\//)
      t.equal(sent.get('cache-control'), 'no-cache')
      t.match(sent.get('vary'), /^accept\b/)
      const etag = sent.get('etag') ?? ''
      const again = await service.get('/errors/ItemNotFound', { ...headers, 'if-none-match': etag })
      t.strictSame([again.status, again.text, again.headers.get('etag')], [304, '', etag])
    }
    const [markdown, html] = await Promise.all([service.get('/errors'), service.get('/errors', BROWSER)])
    t.not(markdown.headers.get('etag'), html.headers.get('etag'))
  })

  t.test('a client that accepts neither media type gets Markdown', async (t) => {
    const { headers } = await service.get('/errors/ItemNotFound', { accept: 'application/json' })
    t.equal(headers.get('content-type'), 'text/markdown; charset=utf-8')
  })

  t.test('they need no credentials', async (t) => {
    const secured = await startService(t, {}, NOWHERE, { roles: {} })
    t.equal((await secured.get('/errors')).status, 200)
    t.equal((await secured.get('/errors/Unauthenticated')).status, 200)
  })
})

t.test('the type of a problem', async (t) => {
  const types = async (problemBaseUrl?: string) => {
    const service = await startService(t, problemBaseUrl === undefined ? {} : { problemBaseUrl }, NOWHERE)
    const answered = await service.get('/nothing')
    // These are answered without Fastify: with and without a request.
    const refused = await speak(t, service, 'GET /v1/tables HTTP/1.1\r\nHost: a b\r\n\r\n')
    const malformed = await speak(t, service, 'What?\r\n\r\n')
    const bodies = [refused, malformed].map(
      (answer) => JSON.parse(answer.split('\r\n\r\n')[1] ?? '') as { type: string },
    )
    return { url: service.url, types: [answered.body['type'], ...bodies.map(({ type }) => type)] }
  }

  t.test('is a page of the service itself by default', async (t) => {
    const { url, types: found } = await types()
    t.strictSame(found, ['/errors/RouteNotFound', '/errors/InvalidRequest', '/errors/InvalidRequest'])
    for (const type of found) t.equal((await fetch(new URL(String(type), `${url}/v1/tables`))).status, 200)
  })

  t.test('is a page below PROBLEM_BASE_URL', async (t) => {
    const { types: found } = await types('https://storage.example.com/errors')
    t.equal(found[0], 'https://storage.example.com/errors/RouteNotFound')
    t.equal(found[1], 'https://storage.example.com/errors/InvalidRequest')
    t.equal(found[2], 'https://storage.example.com/errors/InvalidRequest')
  })

  t.test('is an anchor of docs/errors.md if PROBLEM_BASE_URL ends in #', async (t) => {
    const { types: found } = await types('https://docs.example.com/errors.md#')
    t.equal(found[0], 'https://docs.example.com/errors.md#routenotfound')
  })
})
