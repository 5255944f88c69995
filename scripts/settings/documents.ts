/** The documents that list the settings, generated from the table in `src/config/settings.ts`. */
import type { Setting } from '../../src/config/setting.js'
import { SETTINGS } from '../../src/config/settings.js'
import { markdownTable, withSection } from '../pages/sections.js'

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

/** The settings that README lists: those of a first deployment. */
const FIRST: readonly (keyof typeof SETTINGS)[] = [
  'HOST',
  'PORT',
  'AUTH',
  'ACCESS_FILE',
  'TLS_CERT_FILE',
  'ALLOWED_HOSTS',
  'AWS_REGION',
  'AWS_ENDPOINT_URL_DYNAMODB',
  'TABLE_ADMIN',
  'LOG_LEVEL',
  'ADMIN_PORT',
]

/** README with its table of the first settings brought up to date. */
export function withFirstSettings(readme: string): string {
  const rows = settings
    .filter(([name]) => FIRST.some((first) => first === name))
    .map(([name, { default: standard, meaning }]) => [code(name), defaultOf(standard), meaning])
  return withSection(readme, 'settings', markdownTable(['name', 'default', 'meaning'], rows))
}

/** `docs/settings.md` with the table of all settings brought up to date. */
export function withSettings(page: string): string {
  const rows = settings.map(([name, { type, default: standard, meaning }]) => [
    code(name),
    defaultOf(standard),
    type.expected,
    meaning,
  ])
  return withSection(page, 'settings', markdownTable(['name', 'default', 'valid values', 'meaning'], rows))
}

const code = (text: string) => `\`${text}\``
const defaultOf = (standard: string | undefined) => (standard === undefined ? 'not set' : code(standard))
