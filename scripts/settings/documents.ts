/** The documents that list the settings, generated from the table in `src/config/settings.ts`. */
import type { Setting } from '../../src/config/setting.js'
import { SETTINGS } from '../../src/config/settings.js'

const settings: readonly (readonly [name: string, setting: Setting])[] = Object.entries(SETTINGS)

const HEAD = `# Every setting of the service with its default, or with an example where it has no default. npm run settings
# writes this file. Copy it to .env, remove the # in front of each setting that you change, and start the service:
#   node --env-file=.env dist/server.js
#   docker run --env-file .env <image>
`

/** `.env.example`: each setting as a comment, so that a copy of the file changes nothing. */
export function envExample(): string {
  const blocks = settings.map(([name, { type, default: standard, meaning, example = '' }]) => {
    const comments = comment(meaning) + comment(`Valid: ${type.expected}.`)
    return `${comments}#${name}=${standard ?? example}\n`
  })
  return [HEAD, ...blocks].join('\n')
}

/** Markdown as lines of a comment, with at most 110 characters each. */
function comment(markdown: string): string {
  return markdown.replaceAll('`', '').replace(/(.{1,108})(?:\s+|$)/g, '# $1\n')
}

const BEGIN = '<!-- settings: npm run settings writes this table -->\n\n'
const END = '\n<!-- end of settings -->'

/**
 * README with its table of settings brought up to date.
 * @throws Error if README does not mark the place of the table
 */
export function withSettingsTable(readme: string): string {
  const begin = readme.indexOf(BEGIN)
  const end = readme.indexOf(END, begin)
  if (begin === -1 || end === -1) throw new Error(`README.md does not have the lines ${BEGIN}${END}`)
  return readme.slice(0, begin + BEGIN.length) + settingsTable() + readme.slice(end)
}

function settingsTable(): string {
  const rows = settings.map(([name, { type, default: standard, meaning }]) => [
    `\`${name}\``,
    standard === undefined ? 'not set' : `\`${standard}\``,
    type.expected,
    meaning,
  ])
  return markdownTable(['name', 'default', 'valid values', 'meaning'], rows)
}

/** A table in Prettier's format: columns are padded to their widest cell. */
function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((cell, column) =>
    Math.max(cell.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const rule = widths.map((width) => '-'.repeat(width))
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |\n`
  return [head, rule, ...rows].map(line).join('')
}
