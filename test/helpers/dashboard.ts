/** The Grafana dashboard, as far as it is checked and drawn here. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../src/package-root.js'

export interface DashboardPanel {
  readonly id: number
  readonly type: 'row' | 'stat' | 'timeseries'
  readonly title: string
  readonly description?: string
  /** In a grid of 24 columns. */
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets?: readonly DashboardTarget[]
  readonly fieldConfig?: { readonly defaults: { readonly unit: string } }
}

export interface DashboardTarget {
  readonly expr: string
  readonly legendFormat: string
}

export interface Dashboard {
  readonly uid: string
  readonly title: string
  readonly panels: readonly DashboardPanel[]
  readonly annotations: { readonly list: readonly { readonly expr: string }[] }
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] }
}

export const dashboard = JSON.parse(
  readFileSync(join(packageRoot, 'deploy/grafana/dashboards/dynamodb-storage-service.json'), 'utf8'),
) as Dashboard

/**
 * A query with its variables filled in, as Grafana does for the whole job.
 * @param rateInterval such as `30s`; Grafana takes four scrape intervals at least
 */
export function filledIn(expression: string, rateInterval: string): string {
  return expression
    .replaceAll('$__rate_interval', rateInterval)
    .replaceAll('$job', 'dynamodb-storage-service')
    .replaceAll('$instance', '.+')
}
