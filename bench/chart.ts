/** The chart in README: CPU time per request, relative to this service. */
import { labels } from './names.js'
import { measuredOf, type Results } from './results.js'

const LEFT = 130
const WIDTH = 760
const BAR = 11
const TOP = 56

/** Bars by case, with a transparent background. */
export function chart({ cases, machine }: Results): string {
  // A typed answer costs about as much as a document; between 400 B and 100 kB lies nothing new.
  const rows = Object.entries(cases)
    .filter(([name]) => !name.endsWith('4 kB'))
    .map(([name, row]) => [name, measuredOf(row).filter(([subject]) => subject !== 'typed')] as const)
  const subjects = rows[0]?.[1].map(([subject]) => subject) ?? []
  const groupHeight = subjects.length * (BAR + 2) + 14
  const widest = Math.max(...rows.flatMap(([, cells]) => cells.map(([, { ratio }]) => ratio)))
  const scale = (WIDTH - LEFT - 60) / widest
  const groups = rows.map(([name, cells], index) => {
    const top = TOP + index * groupHeight
    const bars = cells.map(([subject, { ratio }], position) => {
      const y = top + position * (BAR + 2)
      const width = (ratio * scale).toFixed(1)
      return (
        `<rect class="${subject}" x="${LEFT}" y="${y}" width="${width}" height="${BAR}" rx="1.5"/>` +
        `<text class="value" x="${(LEFT + Number(width) + 5).toFixed(1)}" y="${y + BAR - 2}">${ratio.toFixed(ratio < 1 ? 2 : ratio < 10 ? 1 : 0)}</text>`
      )
    })
    return `<text class="case" x="${LEFT - 10}" y="${top + groupHeight / 2 - 4}">${name}</text>\n${bars.join('\n')}`
  })
  const legend = subjects.map(
    (subject, index) =>
      `<rect class="${subject}" x="${LEFT + index * 110}" y="32" width="${BAR}" height="${BAR}" rx="1.5"/>` +
      `<text x="${LEFT + index * 110 + 17}" y="41">${labels[subject]}</text>`,
  )
  const height = TOP + rows.length * groupHeight + 18
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="CPU per request, relative to this service">
<style>
text { font: 12px system-ui, sans-serif; fill: #57606a }
.title { font-weight: 600; fill: #24292f } .case { text-anchor: end } .value, .note { font-size: 10px }
.service { fill: #1f6feb } .naive { fill: #d4752e } .sdk { fill: #a371c7 } .floor { fill: #8c959f }
.nginx { fill: #2da44e } .haproxy { fill: #1b7c83 }
@media (prefers-color-scheme: dark) { text { fill: #9da7b3 } .title { fill: #e6edf3 } }
</style>
<text class="title" x="${LEFT}" y="18">CPU per request, relative to this service (less is better)</text>
${legend.join('\n')}
${groups.join('\n')}
<text class="note" x="${LEFT}" y="${height - 6}">Node.js ${machine.node}, ${machine.cpu}; one canned upstream, all in turns in one run</text>
</svg>
`
}
