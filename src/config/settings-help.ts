import { SETTINGS } from './settings.js'
import type { Setting } from './setting.js'

const INDENT = ' '.repeat(6)
const WIDTH = 94

/** The settings as plain text for a terminal: each with its default and meaning, and whether it is a secret. */
export function settingsHelp(): string {
  const settings: readonly (readonly [name: string, setting: Setting])[] = Object.entries(SETTINGS)
  const entries = settings.map(([name, { type, default: standard, meaning, secret }]) => {
    const notes = [
      standard === undefined ? 'not set by default' : `default: ${standard}`,
      ...(secret !== undefined ? ['secret'] : []),
    ]
    return `  ${name} (${notes.join('; ')})\n${indented(meaning)}${indented(`Valid: ${type.expected}.`)}`
  })
  return `Settings, which are environment variables:\n\n${entries.join('\n')}`
}

/** Markdown as lines of plain text. */
function indented(markdown: string): string {
  return markdown
    .replaceAll('`', '')
    .replace(new RegExp(`(.{1,${WIDTH}})(?:\\s+|$)`, 'g'), (_, line: string) => `${INDENT}${line}\n`)
}
