/** The page examples/live-table in a real browser. */
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import t, { type Test } from 'tap'
import { packageRoot } from '../../src/package-root.js'
import { keyHolder } from '../helpers/access.js'
import { needsBrowser, startBrowser } from '../helpers/browser.js'
import { scaled } from '../helpers/machine-speed.js'
import { createTable, needsDynamoDB, type Service, startService } from '../helpers/service.js'

const needs = { skip: needsDynamoDB.skip || needsBrowser.skip, timeout: scaled(240_000) }
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.css': 'text/css',
  '.js': 'text/javascript',
}

/** Serves the page from an origin of its own, as `python3 -m http.server` does. */
async function servePage(t: Test): Promise<string> {
  const server = createServer((request, response) => {
    const name = request.url === undefined || request.url.startsWith('/?') ? '/index.html' : request.url
    readFile(join(packageRoot, 'examples/live-table', name)).then(
      (content) => response.setHeader('content-type', MEDIA_TYPES[extname(name)] ?? '').end(content),
      () => response.writeHead(404).end(),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

t.test('the live table', needs, async (t) => {
  const origin = await servePage(t)
  const browser = await startBrowser(t)
  const admin = await startService(t)
  const table = await createTable(t, admin, { stream: 'NEW_AND_OLD_IMAGES' })
  const put = (id: string, amount: string) =>
    admin.post(`/v1/tables/${table}/put`, `{"item": {"id": "${id}", "amount": ${amount}}}`)
  const remove = (id: string) => admin.post(`/v1/tables/${table}/delete`, { key: { id } })
  await put('first', '12345678901234567890.12')

  const open = async (service: Service, key?: string) => {
    const page = await browser.newPage()
    page.setDefaultTimeout(scaled(20_000))
    const complaints: string[] = []
    page.on('pageerror', (error) => complaints.push(String(error)))
    await page.goto(
      `${origin}/?service=${encodeURIComponent(service.url)}${key === undefined ? `&table=${table}` : ''}`,
    )
    if (key !== undefined) {
      await page.getByLabel('Table', { exact: true }).fill(table)
      await page.getByLabel('API key').fill(key)
      await page.getByRole('button', { name: 'Follow' }).click()
    }
    await page.getByText('Connected', { exact: true }).waitFor()
    const row = (text: string) => page.locator('tbody tr', { hasText: text })
    await row('first').waitFor()
    return { page, row, complaints }
  }

  t.test('shows items, changes and deletions, and misses none while the service restarts', async (t) => {
    const service = await startService(t, { corsOrigins: [origin] })
    const { page, row, complaints } = await open(service)
    await row('12345678901234567890.12').waitFor()
    await put('second', '1')
    await row('second').waitFor()
    await put('second', '2.50')
    await row('second').filter({ hasText: '2.5' }).waitFor()
    t.equal(await page.locator('caption').innerText(), '2 items')
    await remove('second')
    await row('second').waitFor({ state: 'detached' })

    await service.close()
    await put('third', '3')
    await put('first', '4')
    await remove('third')
    await put('fourth', '5')
    const { port } = new URL(service.url)
    await startService(t, { corsOrigins: [origin], port: Number(port) })
    await row('fourth').waitFor()
    await row('first').filter({ hasText: '4' }).waitFor()
    t.equal(await row('third').count(), 0)
    t.same(complaints, [])
  })

  t.test('follows with an API key, and says if it is refused', async (t) => {
    const { headers, entry } = keyHolder('page', ['page'])
    const roles = { page: [{ tables: [table], actions: ['read', 'scan', 'changes'] }] }
    const service = await startService(t, { corsOrigins: [origin] }, undefined, { roles, keys: [entry] })
    const { page, row } = await open(service, headers['x-api-key'])
    await put('fifth', '6')
    await row('fifth').waitFor()
    await page.getByLabel('API key').fill('wrong')
    await page.getByRole('button', { name: 'Follow' }).click()
    await page.getByText('no valid credentials').or(page.getByText('API key or a token')).first().waitFor()
    t.pass()
  })

  t.test('labels its fields, and fits a phone', async (t) => {
    const service = await startService(t, { corsOrigins: [origin] })
    const { page } = await open(service)
    await page.setViewportSize({ width: 390, height: 844 })
    t.ok(await page.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth'))
    t.equal(
      await page.evaluate<number>(
        '[...document.querySelectorAll("input")].filter((one) => one.labels.length === 0).length',
      ),
      0,
    )
    t.equal(await page.getByRole('columnheader').first().getAttribute('scope'), 'col')
  })
})
