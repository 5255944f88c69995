/** The profile `observability` of the compose file. Its schema and limits are checked by test/contract/container.test.ts. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { packageRoot } from '../../src/package-root.js'
import { dashboard } from '../helpers/dashboard.js'
import { typeErrors } from '../helpers/type-errors.js'

const read = (...path: string[]) => parse(readFileSync(join(packageRoot, ...path), 'utf8')) as unknown

interface Service {
  readonly image?: string
  readonly profiles?: readonly string[]
  readonly ports?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly volumes: readonly string[]
}
const { services } = read('docker-compose.yml') as {
  readonly services: Readonly<Record<'storage' | 'prometheus' | 'grafana', Service>>
}
const { storage, prometheus, grafana } = services

t.test(
  'only the profile starts Prometheus and Grafana, and they are open to this machine only',
  async (t) => {
    for (const { profiles, ports = [] } of [prometheus, grafana]) {
      t.strictSame(profiles, ['observability'])
      t.ok(ports.length > 0)
      for (const port of ports) t.match(port, /^127\.0\.0\.1:/)
    }
    t.equal(storage.profiles, undefined)
  },
)

t.test('Prometheus scrapes the admin port of the service, which is not published', async (t) => {
  const { scrape_configs: jobs } = read('deploy/prometheus/prometheus.yml') as {
    scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[]
  }
  const port = storage.environment?.['ADMIN_PORT'] ?? ''
  t.match(jobs, [
    { job_name: 'dynamodb-storage-service', static_configs: [{ targets: [`storage:${port}`] }] },
  ])
  t.equal(storage.environment?.['ADMIN_HOST'], '0.0.0.0')
  t.notOk(storage.ports?.some((published) => published.endsWith(`:${port}`)))
})

t.test('Grafana finds its data source and its dashboard, and nobody can log in', async (t) => {
  for (const volume of [...grafana.volumes, ...prometheus.volumes]) {
    const [source = ''] = volume.split(':')
    if (source.startsWith('.')) t.ok(existsSync(join(packageRoot, source)), source)
  }
  const { datasources } = read('deploy/grafana/provisioning/datasources/prometheus.yaml') as {
    datasources: { url: string; type: string; isDefault: boolean }[]
  }
  t.match(datasources, [{ url: 'http://prometheus:9090', type: 'prometheus', isDefault: true }])
  const { providers } = read('deploy/grafana/provisioning/dashboards/dashboards.yaml') as {
    providers: { options: { path: string } }[]
  }
  const [folder] = grafana.volumes.filter((volume) => volume.startsWith('./deploy/grafana/dashboards:'))
  t.equal(folder?.split(':')[1], providers[0]?.options.path)
  t.equal(
    grafana.environment?.['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH'],
    `${providers[0]?.options.path ?? ''}/${dashboard.uid}.json`,
  )
  t.match(grafana.environment, {
    GF_AUTH_ANONYMOUS_ORG_ROLE: 'Viewer',
    GF_AUTH_BASIC_ENABLED: 'false',
    GF_AUTH_DISABLE_LOGIN_FORM: 'true',
  })
})

t.test('the panels of the dashboard fit into its grid without overlaps', async (t) => {
  const taken = new Set<string>()
  for (const { title, gridPos } of dashboard.panels) {
    const { x, y, w, h } = gridPos
    t.ok(x >= 0 && x + w <= 24, title)
    for (let column = x; column < x + w; column++) {
      for (let line = y; line < y + h; line++) {
        const cell = `${column} ${line}`
        if (taken.has(cell)) t.fail(`${title} overlaps another panel`)
        taken.add(cell)
      }
    }
  }
  t.equal(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length)
})

t.test('the dashboard conforms to the schema of the Grafana that the compose file runs', async (t) => {
  const { devDependencies } = read('package.json') as { devDependencies: Readonly<Record<string, string>> }
  t.match(grafana.image, `grafana/grafana:${devDependencies['@grafana/schema'] ?? ''}@`)
  // What belongs to Prometheus and to older versions, which Grafana reads, is not in its schema.
  const value = structuredClone(dashboard) as {
    annotations: { list: readonly object[] }
    templating: { list: readonly object[] }
  }
  for (const annotation of value.annotations.list) Reflect.deleteProperty(annotation, 'expr')
  for (const annotation of value.annotations.list) Reflect.deleteProperty(annotation, 'titleFormat')
  for (const variable of value.templating.list) Reflect.deleteProperty(variable, 'definition')
  const errors = typeErrors([{ name: 'dashboard', type: `import('@grafana/schema').Dashboard`, value }])
  // A text in JSON is no member of an enumeration in TypeScript.
  t.strictSame(
    errors.filter((error) => !error.endsWith(`'"absolute"' is not assignable to type 'ThresholdsMode'.`)),
    [],
  )
})
