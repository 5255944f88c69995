/** The alert rules and the scrape configuration, by Prometheus's own tool; and that each alert can be understood. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { packageRoot } from '../../src/package-root.js'
import { needsPrometheus, promtool } from '../helpers/prometheus.js'

const folder = join(packageRoot, 'deploy/prometheus')
const read = (...path: string[]) => readFileSync(join(packageRoot, ...path), 'utf8')

interface Alert {
  readonly alert?: string
  readonly expr: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}
const { groups } = parse(read('deploy/prometheus/alerts.yaml')) as {
  readonly groups: readonly { readonly rules: readonly Alert[] }[]
}
const alerts = groups.flatMap(({ rules }) => rules).filter(({ alert }) => alert !== undefined)

t.test('promtool accepts the rules and the scrape configuration', needsPrometheus, async (t) => {
  for (const args of [
    ['check', 'rules', 'alerts.yaml'],
    ['check', 'config', 'prometheus.yml'],
  ]) {
    const { status, output } = promtool(args, { cwd: folder })
    t.equal(status, 0, output)
  }
})

t.test('each alert fires when it should, and no other one does', needsPrometheus, async (t) => {
  const { status, output } = promtool(['test', 'rules', 'alerts.test.yaml'], { cwd: folder })
  t.equal(status, 0, output)
  const tested = read('deploy/prometheus/alerts.test.yaml')
  for (const { alert = '' } of alerts) t.ok(tested.includes(`alertname="${alert}"`), `${alert} has a case`)
})

t.test('each alert has a severity, the reason for its threshold, and a place in the runbook', async (t) => {
  const runbook = read('docs/runbook.md')
  // GitHub's anchor of a heading.
  const anchors = [...runbook.matchAll(/^## (.+)$/gm)].map(([, heading = '']) =>
    heading.toLowerCase().replaceAll(' ', '-'),
  )
  for (const { alert = '', labels, annotations } of alerts) {
    t.match(labels, { severity: /^(?:page|ticket)$/ }, alert)
    t.match(annotations, { summary: /\.$/, threshold: /\.$/, runbook: /^docs\/runbook\.md#/ }, alert)
    t.ok(anchors.includes(annotations?.['runbook']?.split('#')[1] ?? ''), `${alert} has a heading`)
    t.ok(runbook.includes(`\`${alert}\``), `the runbook names ${alert}`)
  }
  for (const [, anchor = ''] of runbook.matchAll(/\]\(#([\w-]+)\)/g)) t.ok(anchors.includes(anchor), anchor)
})

t.test('the runbook names panels that the dashboard has', async (t) => {
  const { panels } = JSON.parse(read('deploy/grafana/dashboards/dynamodb-storage-service.json')) as {
    panels: { title: string }[]
  }
  const titles = panels.map(({ title }) => title)
  for (const [, name = ''] of read('docs/runbook.md')
    .replace(/\n/g, ' ')
    .matchAll(/"([A-Z][^"]+)"/g))
    t.ok(titles.includes(name.replace(/\s+/g, ' ')), name)
})
