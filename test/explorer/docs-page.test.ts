/**
 * The page at `/docs` in a real browser.
 * `UPDATE_DOCS=1 npm test -- --disable-coverage test/explorer/docs-page.test.ts` takes the screenshot for the README.
 */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Locator, Page } from 'playwright-core'
import t from 'tap'
import { createDemoTables } from '../../src/local/demo-tables.js'
import { packageRoot } from '../../src/package-root.js'
import { once } from '../../src/http/once.js'
import { needsBrowser, startBrowser } from '../helpers/browser.js'
import { keyHolder } from '../helpers/access.js'
import { needsDynamoDB, NDJSON, startService } from '../helpers/service.js'
import { scaled } from '../helpers/machine-speed.js'

const needs = { skip: needsDynamoDB.skip || needsBrowser.skip, timeout: scaled(480_000) }
if (needsBrowser.skip !== false)
  process.stderr.write(`\n*** ${needsBrowser.skip}\n*** The page at /docs is not tested.\n\n`)

/** A starting browser and a starting database keep a small machine busy. */
const PATIENT = { attemptTimeoutMs: 30_000 }
const NUMBER = '12345678901234567890.12'

/** One browser for all tests, since it takes seconds to start; each page has a profile of its own. */
const browser = once(() => startBrowser(t))

const WIDE = { width: 1280, height: 900 }
const PHONE = { width: 390, height: 844 }
const SIZES = [WIDE, PHONE] as const

t.test('the page at /docs', needs, async (t) => {
  const service = await startService(t, PATIENT)
  await createDemoTables(service.storage)
  t.teardown(() =>
    Promise.all(
      ['Orders', 'Customers'].map((table) => service.request(`/v1/tables/${table}`, { method: 'DELETE' })),
    ),
  )
  const page = await (await browser()).newPage({ viewport: WIDE })
  page.setDefaultTimeout(scaled(60_000))
  // A violation of the Content-Security-Policy is an error of the console, too.
  const complaints: string[] = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  const asked: string[] = []
  page.on('request', (request) => asked.push(request.url()))
  await page.goto(`${service.url}/docs`)

  t.test('lists every operation', async (t) => {
    await operation(page, '/v1/tables/{table}/put').waitFor()
    t.match(await page.title(), 'dynamodb-storage-service')
    const { paths } = (await service.get('/openapi.json')).body as { paths: Record<string, object> }
    const methods = (path: object) =>
      Object.keys(path).filter((name) => /^(get|put|post|patch|delete|head)$/.test(name))
    t.equal(await page.locator('.opblock').count(), Object.values(paths).flatMap(methods).length)
  })

  t.test('begins with the operations, before health and descriptions', async (t) => {
    for (const size of SIZES) {
      await page.setViewportSize(size)
      await t.resolves(isInView(operation(page, '/v1/tables/{table}/put')), `at ${size.width} px`)
      const tops = await page.evaluate<number[]>(
        `['.opblock', '[data-tag="Tables"]', '[data-tag="Service"]', '[id$="-live"]', '.explorer-about', '.models']
          .map((selector) => document.querySelector(selector).getBoundingClientRect().top)`,
      )
      t.same(
        tops,
        [...tops].sort((one, other) => one - other),
      )
    }
    await page.setViewportSize(WIDE)
  })

  t.test('follows the color scheme of the system', async (t) => {
    const dark = page.locator('html.dark-mode')
    t.equal(await dark.count(), 0)
    await page.emulateMedia({ colorScheme: 'dark' })
    await dark.waitFor()
    await page.emulateMedia({ colorScheme: 'light' })
    await dark.waitFor({ state: 'detached' })
  })

  for (const [type, item, key] of [
    [
      'application/vnd.dynamodb+json',
      `{"customer": {"S": "eve"}, "balance": {"N": "${NUMBER}"}}`,
      '{"customer": {"S": "eve"}}',
    ],
    ['application/json', `{"balance": ${NUMBER},   "customer": "ada"}`, '{"customer": "ada"}'],
  ] as const) {
    t.test(`puts and gets an item as ${type} with all its digits`, async (t) => {
      const put = await tryIt(page, '/v1/tables/{table}/put', 'Customers', type, `{"item": ${item}}`)
      t.same(put, { sent: `{"item": ${item}}`, sentAs: type, status: '200', shown: '{}' })
      const got = await tryIt(page, '/v1/tables/{table}/get', 'Customers', type, `{"key": ${key}}`)
      t.equal(got.status, '200')
      t.match(got.shown, /^\{\n {2}"item": \{\n {4}/, 'on several lines')
      t.same(JSON.parse(got.shown), JSON.parse(`{"item":${item}}`))
      t.match(got.shown, NUMBER)
    })
  }

  t.test('writes the screenshot for the README', { skip: process.env['UPDATE_DOCS'] !== '1' }, async () => {
    await page.setViewportSize({ width: 1000, height: 1150 })
    await page.evaluate(`document.querySelector('.opblock[id$="-getItem"]').scrollIntoView()`)
    await page.screenshot({ path: join(packageRoot, 'docs/explorer.png') })
  })

  for (const [operationId, status, sent, shown] of [
    ['readItemWithSortKey', '200', null, /"amount": 129\.95,\n/],
    ['writeItemWithSortKey', '204', /^\{\n/, /^/],
    ['importItems', '200', /^\{"customer":.+\}\n\{"Item":.+\}\n$/, /"written": 2\n/],
    ['query', '200', /^\{\n/, /\{"amount":18,"placed":"2026-11-15"\}\n/],
  ] as const) {
    t.test(`executes ${operationId} with the prefilled example`, async (t) => {
      const block = page.locator(`.opblock[id$="-${operationId}"]`)
      await block.locator('.opblock-summary-control').click()
      if (operationId === 'query') {
        await block.locator('.response[data-code="200"] select.content-type').selectOption(NDJSON)
      }
      const done = await execute(page, block)
      t.equal(done.status, status)
      t.match(done.sent, sent)
      t.match(
        await block.locator('.live-responses-table tbody .response-col_description').first().innerText(),
        shown,
      )
    })
  }

  t.test('listens to changes for a while, and shows what has arrived', async (t) => {
    const block = page.locator('.opblock[id$="-followChanges"]')
    await block.locator('.opblock-summary-control').click()
    const done = await execute(page, block)
    t.equal(done.status, '200')
    t.match(
      await block.locator('.live-responses-table tbody .response-col_description').first().innerText(),
      /retry: \d+\s+id: /,
    )
  })

  for (const [words, first, most] of [
    ['create table', 'createTable', 8],
    ['Paginate', 'query', 4],
    ['counter', 'updateItem', 1],
    ['transaction write', 'transactWriteItems', 9],
    ['conditionExpression', 'putItem', 6],
  ] as const) {
    t.test(`finds ${words}`, async (t) => {
      await page.getByRole('searchbox', { name: 'Search the operations' }).fill(words)
      await page
        .locator(`.operation-tag-content > span:first-child > .opblock[id$="-${first}"]`)
        .first()
        .waitFor()
      const found = await page.evaluate<string[]>(
        `[...document.querySelectorAll('.opblock')].map(({ id }) => id)`,
      )
      t.match(found[0], new RegExp(`-${first}$`))
      t.ok(found.length <= most, String(found))
      t.match(
        await page.locator('.explorer-search [role=status]').innerText(),
        new RegExp(`^${found.length} op`),
      )
    })
  }

  t.test('says so if nothing is found', async (t) => {
    const search = page.getByRole('searchbox')
    await search.fill('xyzzy')
    await page.locator('.opblock').first().waitFor({ state: 'detached' })
    t.match(await page.locator('.explorer-search [role=status]').innerText(), /^No operation/)
    await search.fill('')
    await operation(page, '/v1/tables/{table}/put').waitFor()
  })

  t.test('has a link to each operation', async (t) => {
    t.match(page.url(), /#\/\w+\/\w+$/, 'the link of the operation that was opened last')
    await page.reload()
    await page.locator('.opblock.is-open').waitFor()
  })

  t.test('folds the documented errors', async (t) => {
    const { scan } = await openScan(page, service.url)
    const problem = scan.locator('.response[data-code="400"]')
    const fold = scan.getByRole('button', { name: '400 Bad Request' })
    t.equal(await fold.getAttribute('aria-expanded'), 'false')
    t.equal(await scan.locator('.responses-table .response').count(), 1, 'only success is open')
    await fold.click()
    await problem.waitFor()
    t.match(await problem.innerText(), 'ValidationException')
    await fold.click()
    await problem.waitFor({ state: 'detached' })
  })

  for (const size of SIZES) {
    t.test(`fits the editor to its content at ${size.width} px`, async (t) => {
      await page.setViewportSize(size)
      const { editor } = await openScan(page, service.url)
      const heights: number[] = []
      for (const lines of [1, 12, 60]) {
        await editor.fill(`{${'\n'.repeat(lines - 1)}}`)
        const { clientHeight, scrollHeight } = await editor.evaluate(
          ({ clientHeight, scrollHeight }: { clientHeight: number; scrollHeight: number }) => ({
            clientHeight,
            scrollHeight,
          }),
        )
        t.equal(clientHeight, scrollHeight, `${lines} lines`)
        heights.push(clientHeight)
      }
      const [one = 0, twelve = 0, sixty = 0] = heights
      t.ok(one < 80 && one < twelve && twelve * 3 < sixty, String(heights))
    })

    t.test(
      `brings the answer into view at ${size.width} px, whether it is an item or an error`,
      async (t) => {
        const { scan, editor } = await openScan(page, service.url)
        for (const [body, status] of [
          ['{}', '200'],
          [`{"limit": -1${'\n'.repeat(60)}}`, '400'],
        ] as const) {
          await editor.fill(body)
          await page.evaluate('scrollTo(0, 0)')
          const done = await execute(page, scan)
          t.equal(done.status, status)
          const answer = scan.locator('.live-responses-table tbody')
          await t.resolves(isInView(answer.locator('.response-col_status')))
          await t.resolves(isInView(answer.locator('.highlight-code code')), 'with the beginning of its body')
        }
      },
    )
  }

  t.test('labels every field and scrolls nothing sideways, in light and in dark', async (t) => {
    const { scan } = await openScan(page, service.url)
    for (const id of ['updateItem', 'readItemWithSortKey', 'importItems', 'createTable']) {
      await page.locator(`.opblock[id$="-${id}"] .opblock-summary-control`).click()
      await page.locator(`.opblock[id$="-${id}"] .execute`).waitFor()
    }
    await execute(page, scan)
    await scan.getByRole('button', { name: '429 Too Many Requests' }).click()
    for (const tab of await scan.locator('.tablinks[data-name="model"]').all()) await tab.click()
    await page.getByRole('button', { name: 'Schemas' }).click()
    await page.locator('.models .json-schema-2020-12').first().waitFor()
    const check = async (what: string) => {
      for (const size of SIZES) {
        await page.setViewportSize(size)
        t.same(await page.evaluate<string[]>(UNLABELED), [], `${what} at ${size.width} px`)
        t.same(await page.evaluate<string[]>(WIDER_THAN_SHOWN), [], `${what} at ${size.width} px`)
      }
    }
    await check('light')
    await page.emulateMedia({ colorScheme: 'dark' })
    await check('dark')
    await page.emulateMedia({ colorScheme: 'light' })
    await page.locator('.auth-wrapper > .authorize').click()
    await page.locator('.modal-ux input').first().waitFor()
    await check('credentials')
  })

  for (const size of SIZES) {
    t.test(`can be used by keyboard alone at ${size.width} px`, async (t) => {
      await page.setViewportSize(size)
      await page.goto('about:blank')
      await page.goto(`${service.url}/docs`)
      const block = operation(page, '/v1/tables/{table}/get')
      await block.waitFor()
      const seen: string[] = []
      /** Presses Tab until an element with this name has the focus, which is visible at each step. */
      const tabTo = async (name: RegExp) => {
        for (let presses = 0; presses < 30; presses++) {
          await page.keyboard.press('Tab')
          const focus = await page.evaluate<Focus>(FOCUSED)
          seen.push(focus.name)
          t.ok(focus.outline > 0 && focus.shown, `the focus is visible: ${focus.name}`)
          if (name.test(focus.name)) return
        }
        t.fail(`${String(name)} is not reached: ${seen.join(' | ')}`)
      }
      await tabTo(/^Search the operations/)
      await page.keyboard.type('GetItem')
      await operation(page, '/v1/tables/{table}/put').waitFor({ state: 'detached' })
      await tabTo(/^POST.*\/get/)
      await page.keyboard.press('Enter')
      // The page draws the fields of an operation after its frame.
      await block.locator('.execute').waitFor()
      await block.getByRole('textbox', { name: 'Request body' }).waitFor()
      await block.locator('tr[data-param-name="table"] input').waitFor()
      seen.length = 0
      await tabTo(/^Execute$/)
      const order = ['table', 'Request content type', 'Examples', 'Edit Value', 'Request body', 'Execute']
      const places = order.map((name) => seen.findIndex((one) => one.startsWith(name)))
      const sorted = places.filter((place) => place >= 0).sort((one, other) => one - other)
      t.same(places, sorted, `in the order of the page: ${seen.join(' | ')}`)
      const sending = page.waitForRequest(/\/v1\//)
      await page.keyboard.press('Enter')
      await sending
      const status = block.locator('.live-responses-table tbody .response-col_status')
      await status.waitFor()
      t.equal((await status.innerText()).trim(), '200')
      await t.resolves(isInView(status))
    })
  }

  t.test('sends requests only to its own service, and the browser reports no error', async (t) => {
    const refused = 'Failed to load resource: the server responded with a status of 400 (Bad Request)'
    t.same(
      complaints.filter((complaint) => complaint !== refused),
      [],
    )
    t.same(
      asked.filter((url) => !url.startsWith(`${service.url}/`) && !url.startsWith('data:')),
      [],
    )
  })
})

t.test('the page at /docs with AUTH=policy', needs, async (t) => {
  const { entry, headers } = keyHolder('reader', ['reader'])
  const roles = { reader: [{ tables: ['Customers'], actions: ['read'] }] }
  const service = await startService(t, PATIENT, undefined, { roles, keys: [entry] })
  const page = await (await browser()).newPage({ viewport: WIDE })
  page.setDefaultTimeout(scaled(60_000))
  await page.goto(`${service.url}/docs`)
  const status = async () => {
    const path = '/v1/tables/{table}/get'
    const done = await tryIt(page, path, 'Customers', 'application/json', '{"key": {"customer": "nobody"}}')
    return done.status
  }
  const key = headers['x-api-key'] ?? ''

  for (const [scheme, header] of [
    ['apiKey', 'x-api-key'],
    ['bearerAuth', 'authorization'],
  ] as const) {
    t.test(`has a place to enter credentials: ${header}`, async (t) => {
      t.equal(await status(), '401', 'without them')
      await page.locator('.auth-wrapper > .authorize').click()
      const entry = page.locator('.auth-container', { hasText: scheme })
      await entry.locator('input').fill(key)
      await entry.getByRole('button', { name: 'Apply credentials' }).click()
      await page.locator('.modal-ux').getByRole('button', { name: 'Close' }).last().click()
      // The page may still show the answer to the request before.
      const answering = page.waitForResponse(/\/get$/)
      await status()
      const answer = await answering
      t.not(answer.status(), 401, 'with them')
      t.match(await answer.request().headerValue(header), key)

      const kept = await page.evaluate('JSON.stringify([localStorage, sessionStorage, document.cookie])')
      t.notMatch(kept, key, 'kept in memory only')
      await page.reload()
    })
  }
})

const operation = (page: Page, path: string) =>
  page.locator('.opblock', { has: page.locator(`.opblock-summary-path[data-path="${path}"]`) }).first()

/** Waits until the upper edge of an element is in the window. The answer to a click may still be scrolled to. */
async function isInView(element: Locator): Promise<void> {
  await element.first().waitFor()
  for (let tries = 0; tries < 100; tries++) {
    const box = await element.first().boundingBox()
    const height = element.page().viewportSize()?.height ?? 0
    if (box !== null && box.y >= 0 && box.y + 10 <= height) return
    await sleep(100)
  }
  throw new Error('the element is outside the window')
}

/** Opens the operation `scan`, unless it is open. */
async function openScan(page: Page, url: string) {
  const scan = page.locator('.opblock[id$="-scan"]')
  if (!(await scan.locator('.execute').isVisible())) {
    await page.goto('about:blank')
    await page.goto(`${url}/docs`)
    await scan.locator('.opblock-summary-control').click()
  }
  const editor = scan.getByRole('textbox', { name: 'Request body' })
  await editor.waitFor()
  return { scan, editor }
}

/** Fields that a screen reader could not name. */
const UNLABELED = `[...document.querySelectorAll('input, select, textarea')]
  .filter((field) => ![...(field.labels ?? [])].some((label) => label.textContent.trim()) && !field.ariaLabel)
  .map((field) => field.outerHTML)`

/** Elements that reach beyond the window, and elements that scroll sideways themselves. */
const WIDER_THAN_SHOWN = `[document.documentElement, ...document.querySelectorAll('body *')]
  .filter((element) => element.checkVisibility() && !element.closest('.explorer-hidden, svg'))
  .filter((element) =>
    element.getBoundingClientRect().right > innerWidth + 1 ||
    (element.scrollWidth > element.clientWidth + 1 &&
      element.clientWidth > 0 &&
      /auto|scroll/.test(getComputedStyle(element).overflowX)))
  .map((element) => element.tagName + '.' + element.className)`

interface Focus {
  readonly name: string
  readonly outline: number
  readonly shown: boolean
}

/** The element that has the focus: its name, the width of its outline, and whether it is in the window. */
const FOCUSED = `(() => {
  const { activeElement: element } = document
  const { outlineStyle, outlineWidth } = getComputedStyle(element)
  const { top, bottom } = element.getBoundingClientRect()
  const label = element.ariaLabel ?? element.labels?.[0]?.textContent
  return {
    name: (label || element.textContent).trim(),
    outline: outlineStyle === 'none' ? 0 : parseFloat(outlineWidth),
    shown: bottom > 0 && top < innerHeight,
  }
})()`

/** Opens an operation, fills it in, executes it, and reads the response. */
async function tryIt(page: Page, path: string, table: string, type: string, body: string) {
  const block = operation(page, path)
  if (!(await block.getAttribute('class'))?.includes('is-open'))
    await block.locator('.opblock-summary-control').click()
  await block.locator('tr[data-param-name="table"] input').fill(table)
  await block.getByLabel('Request content type').selectOption(type)
  await block.locator('textarea.body-param__text').fill(body)
  const done = await execute(page, block)
  const shown = await block.locator('.live-responses-table .highlight-code code').first().innerText()
  return { ...done, shown }
}

/** Executes an operation as filled in. */
async function execute(page: Page, block: Locator) {
  const sending = page.waitForRequest(/\/v1\//)
  await block.getByRole('button', { name: 'Execute' }).click()
  const sent = await sending
  // The page shows the answer to an earlier request until this one is answered.
  const id = (await (await sent.response())?.headerValue('x-request-id')) ?? 'no answer'
  const answer = block.locator('.live-responses-table', { hasText: id })
  await answer.waitFor()
  return {
    sent: sent.postData(),
    sentAs: await sent.headerValue('content-type'),
    status: (await answer.locator('tbody .response-col_status').innerText()).trim(),
  }
}
