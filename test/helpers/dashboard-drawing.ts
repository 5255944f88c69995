/**
 * A drawing of the Grafana dashboard for the docs, from its JSON and the answers of a real Prometheus. It is not Grafana: it
 * draws lines and single values, with the titles, units and legends of the panels.
 */
import type { Browser } from 'playwright-core'
import { dashboard, type DashboardPanel } from './dashboard.js'
import type { Series } from './prometheus.js'

const WIDTH = 1440
/** The height of a row of the grid, in pixels. */
const ROW = 28
const COLORS = [
  '#3274d9',
  '#e0752d',
  '#37872d',
  '#c4162a',
  '#8f3bb8',
  '#a58a00',
  '#2a9d8f',
  '#b5578d',
  '#6e7681',
  '#1f60c4',
]
/** More lines than this have no entry in the legend. */
const MAX_LEGEND = 8

type Ask = (expression: string) => Promise<readonly Series[]>

interface Line {
  readonly name: string
  readonly points: readonly (readonly [unixSeconds: number, value: number])[]
}

/** @returns a PNG of the whole dashboard */
export async function drawDashboard(browser: Browser, ask: Ask): Promise<Buffer> {
  const panels: string[] = []
  for (const panel of dashboard.panels) panels.push(await drawPanel(panel, ask))
  const height = Math.max(...dashboard.panels.map(({ gridPos: { y, h } }) => y + h)) * ROW
  const page = await browser.newPage({ viewport: { width: WIDTH, height: height + 40 } })
  await page.setContent(`<!doctype html><meta charset="utf-8"><style>
    body { margin: 0; background: #f4f5f5; font: 11px sans-serif; color: #24292e }
    h1 { margin: 10px 12px; font-size: 15px; font-weight: 500; height: 20px }
    main { position: relative; height: ${height}px }
    section { position: absolute; box-sizing: border-box; padding: 2px }
    section > div { height: 100%; box-sizing: border-box; background: #fff; border: 1px solid #e0e2e4; padding: 4px 8px; overflow: hidden }
    section.row > div { background: none; border: none; font-size: 13px; font-weight: 500; padding: 6px 8px }
    h2 { margin: 0; font-size: 12px; font-weight: 500; line-height: 18px }
    .stat { font-size: 24px; text-align: center; padding-top: 18px; color: #1f60c4 }
    .stat.text { font-size: 13px; padding-top: 26px }
    .legend { line-height: 14px; height: 28px; overflow: hidden; font-size: 10px }
    .legend i { display: inline-block; width: 10px; height: 3px; vertical-align: middle; margin: 0 3px 0 8px }
    text { font: 10px sans-serif; fill: #6e7681 }
  </style><h1>${escape(dashboard.title)}</h1><main>${panels.join('')}</main>`)
  return page.screenshot({ fullPage: true })
}

async function drawPanel(panel: DashboardPanel, ask: Ask): Promise<string> {
  const { type, title, targets = [] } = panel
  const { x, y, w, h } = panel.gridPos
  const column = WIDTH / 24
  const box = `left:${x * column}px;top:${y * ROW}px;width:${w * column}px;height:${h * ROW}px`
  if (type === 'row') return `<section class="row" style="${box}"><div>${escape(title)}</div></section>`
  const lines: Line[] = []
  for (const { expr, legendFormat } of targets) {
    for (const { metric, values } of await ask(expr)) {
      const name = legendFormat.replace(/\{\{(\w+)\}\}/g, (_match, label: string) => metric[label] ?? '')
      const points = values.map(([at, value]) => [at, Number(value)] as const)
      lines.push({ name, points: points.filter(([, value]) => Number.isFinite(value)) })
    }
  }
  const unit = panel.fieldConfig?.defaults.unit ?? 'none'
  const content =
    type === 'stat' ? drawStat(lines, unit) : drawLines(lines, unit, w * column - 22, h * ROW - 64)
  return `<section style="${box}"><div><h2>${escape(title)}</h2>${content}</div></section>`
}

function drawStat([line]: readonly Line[], unit: string): string {
  if (line === undefined) return ''
  const last = line.points.at(-1)
  return line.name === ''
    ? `<div class="stat">${last === undefined ? '' : format(last[1], unit)}</div>`
    : `<div class="stat text">${escape(line.name)}</div>`
}

function drawLines(lines: readonly Line[], unit: string, width: number, height: number): string {
  const all = lines.flatMap(({ points }) => points)
  const times = all.map(([at]) => at)
  const [first, last] = [Math.min(...times), Math.max(...times)]
  const top = niceAbove(Math.max(...all.map(([, value]) => value), 0))
  const [left, bottom] = [52, height - 16]
  const px = (at: number) => left + ((at - first) / (last - first || 1)) * (width - left)
  const py = (value: number) => bottom - (value / top) * (bottom - 6)
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const at = py(share * top)
    return (
      `<line x1="${left}" x2="${width}" y1="${at}" y2="${at}" stroke="#eceef0"/>` +
      `<text x="${left - 4}" y="${at + 3}" text-anchor="end">${format(share * top, unit)}</text>`
    )
  })
  const clock = [first, (first + last) / 2, last].map((at, index) => {
    const time = new Date(at * 1000).toISOString().slice(11, 19)
    return `<text x="${px(at)}" y="${height - 3}" text-anchor="${['start', 'middle', 'end'][index] ?? ''}">${time}</text>`
  })
  // The largest come first, in the legend as well.
  const size = ({ points }: Line) => points.reduce((sum, [, value]) => sum + value, 0)
  const sorted = [...lines].sort((a, b) => size(b) - size(a))
  const paths = sorted.map(({ points }, index) => {
    const at = points.map(([time, value]) => `${px(time).toFixed(1)},${py(value).toFixed(1)}`).join(' ')
    return `<polyline points="${at}" fill="none" stroke="${color(index)}" stroke-width="1.2"/>`
  })
  const legend = sorted
    .slice(0, MAX_LEGEND)
    .map(({ name }, index) => `<i style="background:${color(index)}"></i>${escape(name)}`)
  const more = sorted.length > MAX_LEGEND ? ` and ${sorted.length - MAX_LEGEND} more` : ''
  return (
    `<svg width="${width}" height="${height}">${ticks.join('')}${clock.join('')}${paths.reverse().join('')}</svg>` +
    `<div class="legend">${legend.join('')}${more}</div>`
  )
}

const color = (index: number) => COLORS[index % COLORS.length] ?? ''

/** The least round number that is not below the value, four parts of which are round, too. */
function niceAbove(value: number): number {
  if (value === 0) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  return ([1, 1.2, 1.6, 2, 3, 4, 6, 8, 10].find((step) => step * power >= value) ?? 10) * power
}

/** A number with Grafana's unit. */
function format(value: number, unit: string): string {
  const short = (number: number) => String(Number(number.toPrecision(3)))
  if (unit === 's') return value < 1 ? `${short(value * 1000)} ms` : `${short(value)} s`
  if (unit === 'percentunit') return `${short(value * 100)} %`
  if (unit === 'bytes')
    return value < 1024
      ? `${short(value)} B`
      : value < 1024 ** 2
        ? `${short(value / 1024)} KiB`
        : `${short(value / 1024 ** 2)} MiB`
  return unit === 'none' ? short(value) : `${short(value)}/s`
}

const escape = (text: string) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;')
