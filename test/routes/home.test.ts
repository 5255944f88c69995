import t from 'tap'
import { startService } from '../helpers/service.js'

const CHROMIUM = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8'

t.test('GET /', async (t) => {
  // None of these requests reaches DynamoDB.
  const service = await startService(t, {}, 'http://127.0.0.1:9')

  t.test('redirects browsers to the page at /docs, also below a path', async (t) => {
    for (const accept of [CHROMIUM, 'text/html']) {
      const { status, headers, text } = await service.request('/', {
        headers: { accept },
        redirect: 'manual',
      })
      t.strictSame([status, headers.get('location'), text], [302, 'docs', ''])
      t.equal(headers.get('vary'), 'accept')
    }
    const followed = await fetch(`${service.url}/`, { headers: { accept: CHROMIUM } })
    t.strictSame([followed.status, followed.url], [200, `${service.url}/docs`])
  })

  t.test('tells every other client the paths to begin with, on several lines', async (t) => {
    for (const accept of ['*/*', 'application/json', 'application/json, text/plain, */*', 'text/plain']) {
      const { status, headers, text, body } = await service.get('/', { accept })
      t.equal(status, 200, accept)
      t.match(headers.get('content-type'), /^application\/json/)
      t.equal(headers.get('vary'), 'accept')
      t.match(text, /^\{\n {2}"service": "dynamodb-storage-service",\n[^]*\n\}\n$/)
      for (const path of ['documentation', 'openapi', 'errors']) {
        t.equal((await service.get(String(body[path]))).status, 200, path)
      }
    }
  })

  t.test('refuses other methods and query parameters', async (t) => {
    const post = await service.post('/', {})
    t.strictSame([post.status, post.headers.get('allow')], [405, 'GET, HEAD'])
    t.equal((await service.get('/?table=Orders')).status, 400)
  })

  t.test('needs no credentials', async (t) => {
    const secured = await startService(t, {}, 'http://127.0.0.1:9', { roles: {} })
    t.equal((await secured.get('/')).status, 200)
  })
})
