import t from 'tap'
import { LOADED } from '../../routes/docs.js'
import { startService } from '../helpers/service.js'

t.test('GET /docs', async (t) => {
  // None of these requests reaches DynamoDB.
  const service = await startService(t, {}, 'http://127.0.0.1:9')
  const browser = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8' }

  t.test('serves the page with a policy that allows only its own files', async (t) => {
    const page = await service.get('/docs', browser)
    t.equal(page.status, 200)
    t.equal(page.headers.get('content-type'), 'text/html; charset=utf-8')
    t.match(page.text, /^<!doctype html>/)
    t.notMatch(page.text, /<script>|<style|style=|https?:/)
    const policy = page.headers.get('content-security-policy')
    t.match(policy, /^default-src 'none'; /)
    t.match(policy, /frame-ancestors 'none'/)
    t.notMatch(policy, /unsafe|http|\*/)
    t.equal((await service.get('/docs', { accept: 'application/xml' })).status, 200)
    t.equal((await service.request('/docs', { method: 'HEAD' })).status, 200)
  })

  t.test('serves every file of the page, and 304 for a file that the browser has', async (t) => {
    const { text } = await service.get('/docs')
    const asked = [...text.matchAll(/(?:href|src)="(docs\/[^"]+)"/g)].map(([, path]) => `/${path ?? ''}`)
    const { text: errors } = await service.get('/errors', browser)
    t.match(errors, '"./docs/errors.css"')
    t.same([...asked, '/docs/errors.css'].sort(), LOADED.map((name) => `/docs/${name}`).sort())
    for (const path of ['/docs', '/docs/errors.css', ...asked]) {
      const { status, headers } = await service.get(path, { accept: 'text/css,*/*;q=0.1' })
      t.equal(status, 200, path)
      t.match(headers.get('content-type'), /^text\/(html|css|javascript); charset=utf-8$/)
      t.equal(headers.get('x-content-type-options'), 'nosniff')
      t.equal(headers.get('referrer-policy'), 'same-origin')
      t.equal(headers.get('cache-control'), 'no-cache')
      const etag = headers.get('etag') ?? ''
      for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
        const again = await service.get(path, { 'if-none-match': known })
        t.strictSame([again.status, again.text], [304, ''])
        t.match(again.headers.get('etag'), known === '*' ? /^"/ : etag)
      }
      t.equal((await service.get(path, { 'if-none-match': '"other"' })).status, 200)
    }
  })

  t.test('serves no other file', async (t) => {
    for (const path of [
      '/docs/',
      '/docs/index.html',
      '/docs/errors.md',
      '/docs/package.json',
      '/docs/..%2fpackage.json',
      '/docs/%2e%2e/src',
    ]) {
      const { status, body } = await service.get(path, browser)
      t.equal(status, 404, path)
      t.match(body, { code: 'RouteNotFound' })
    }
  })
})
