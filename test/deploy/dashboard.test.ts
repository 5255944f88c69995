/**
 * The dashboard against a real Prometheus that has scraped the running service: no panel is empty.
 * `UPDATE_DOCS=1 npm test -- --disable-coverage test/deploy/dashboard.test.ts` draws docs/dashboard.png, too.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { freePort } from '../../src/local/free-port.js'
import { localEnvironment } from '../../src/local/dynamodb-local.js'
import { packageRoot } from '../../src/package-root.js'
import { keyHolder } from '../helpers/access.js'
import { needsBrowser, startBrowser } from '../helpers/browser.js'
import { dashboard, filledIn } from '../helpers/dashboard.js'
import { drawDashboard } from '../helpers/dashboard-drawing.js'
import { startFaultyProxy } from '../helpers/faulty-proxy.js'
import { sourceProcess } from '../helpers/process.js'
import { needsPrometheus, startPrometheus } from '../helpers/prometheus.js'
import { needsDynamoDB, writePolicy } from '../helpers/service.js'
import { createTrafficTables, sendVariedTraffic } from '../helpers/varied-traffic.js'

const draws = process.env['UPDATE_DOCS'] === '1'
const needs = {
  skip: needsDynamoDB.skip || needsPrometheus.skip || (draws && needsBrowser.skip),
  timeout: 600_000,
}
/** In seconds. A drawing needs more of them than a query. */
const [SECONDS, STEP, RATE_INTERVAL] = draws ? [240, 2, '20s'] : [12, 1, '10s']

t.test('the dashboard', needs, async (t) => {
  const { entry, headers } = keyHolder('traffic', ['all'])
  const roles = { all: [{ tables: ['*'], actions: ['read', 'write', 'scan', 'changes', 'admin'] }] }
  // Each kind of fault that the service survives, in a share that shows.
  const dynamodb = await startFaultyProxy(t, {
    seed: 11,
    rates: {
      throttles: 0.04,
      'answers 500': 0.005,
      'applies, then resets': 0.004,
      conflicts: 0.005,
      'leaves some unprocessed': 0.2,
    },
  })
  const adminPort = await freePort()
  const { listening } = sourceProcess(t, {
    ...localEnvironment,
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint,
    AUTH: 'policy',
    ACCESS_FILE: writePolicy(t, { roles, keys: [entry] }),
    ADMIN_PORT: String(adminPort),
    CAPACITY_METRICS: 'true',
    // A busy machine delays DynamoDB Local.
    ATTEMPT_TIMEOUT_MS: '30000',
    REQUEST_TIMEOUT_MS: '120000',
    TABLE_ADMIN: 'true',
  })
  const url = await listening()
  const target = `127.0.0.1:${adminPort}`
  const prometheus = await startPrometheus(t, [target], {
    ruleFiles: [join(packageRoot, 'deploy/prometheus/alerts.yaml')],
  })
  await prometheus.scrapes(1)
  const start = Date.now() / 1000
  const deleteTables = await createTrafficTables(url, headers)
  const statuses = await sendVariedTraffic(url, headers, {
    seconds: SECONDS,
    requestsPerSecond: draws ? 120 : 60,
  })
  await prometheus.scrapes(2)
  const end = Date.now() / 1000
  const exposed = await (await fetch(`http://${target}/metrics`)).text()
  await deleteTables()
  for (const status of [200, 400, 401, 404]) t.ok(statuses.has(status), `traffic with ${status}`)

  for (const { type, title, targets = [] } of dashboard.panels) {
    if (type === 'row') continue
    t.test(`${title}: the panel is not empty`, async (t) => {
      t.ok(targets.length > 0)
      for (const { expr } of targets) {
        const series = await prometheus.queryRange(filledIn(expr, RATE_INTERVAL), start, end, STEP)
        const values = series.flatMap(({ values }) => values.map(([, value]) => Number(value)))
        t.ok(values.some(Number.isFinite), expr)
      }
    })
  }

  t.test('each variable has values', async (t) => {
    for (const { name, definition } of dashboard.templating.list) {
      if (definition === undefined) continue
      const [, selector = '', label = ''] = /^label_values\((.+), (\w+)\)$/.exec(definition) ?? []
      const found = await prometheus.query(`count by (${label}) (${filledIn(selector, RATE_INTERVAL)})`)
      t.strictSame(
        found.map(({ metric }) => metric[label]),
        name === 'job' ? ['dynamodb-storage-service'] : [target],
      )
    }
  })

  t.test('each metric that the dashboard, its annotations and the alerts ask for is exposed', async (t) => {
    const names = new Set(Array.from(exposed.matchAll(/^([a-z]\w+)/gm), ([name]) => name))
    const asked = [
      ...dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
      ...dashboard.annotations.list.map(({ expr }) => expr),
    ]
    const { groups } = await prometheus.rules()
    const rules = groups.flatMap(({ rules }) => rules)
    t.ok(rules.length > 20)
    for (const { name, health, lastError } of rules) t.equal(health, 'ok', `${name} ${lastError ?? ''}`)
    const selectors = [...asked, ...rules.map(({ query }) => query)]
      .join('\n')
      .matchAll(/\b([a-z]\w+)(?=\{)/g)
    for (const name of new Set(Array.from(selectors, ([, name = '']) => name)))
      if (name !== 'up') t.ok(names.has(name), name)
  })

  t.test('draws docs/dashboard.png', { skip: !draws && 'set UPDATE_DOCS=1' }, async (t) => {
    const browser = await startBrowser(t)
    const picture = await drawDashboard(browser, (expr) =>
      prometheus.queryRange(filledIn(expr, RATE_INTERVAL), start, end, STEP),
    )
    writeFileSync(join(packageRoot, 'docs/dashboard.png'), picture)
  })
})
