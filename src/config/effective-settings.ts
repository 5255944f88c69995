import { type Environment, type Setting, textOf } from './setting.js'
import { SETTINGS } from './settings.js'
import { credential } from './value-types.js'

/** The name of every setting, with its value: a string, number, boolean or list of strings; null if it is not set. */
export type EffectiveSettings = Readonly<Record<string, unknown>>

const rows: readonly (readonly [name: string, setting: Setting])[] = Object.entries(SETTINGS)

/**
 * The settings that are in force, by the names of their environment variables and in the order of the table, to be logged
 * and served: `{"HOST": "127.0.0.1", "PORT": 3000, "AUTH": null, "AWS_SECRET_ACCESS_KEY": "***", …}`. They have the values
 * that the service uses: with defaults, and `127.0.0.1` for `localhost`. Secrets are replaced by `***`; of a URL, those are
 * the user information and the query.
 * @param env in which `readConfig` has found no invalid setting
 */
export function effectiveSettings(env: Environment): EffectiveSettings {
  return Object.fromEntries(
    rows.map(([name, setting]) => [name, shownValue(setting, textOf(name, setting, env))]),
  )
}

function shownValue({ type, secret }: Setting, text: string | undefined): unknown {
  if (text === undefined) return null
  if (secret === 'in-url') return text === '' ? '' : withoutSecrets(text)
  // The id of an access key identifies its owner.
  return secret === true || type === credential ? '***' : type.parse(text)
}

/**
 * A URL without user information (RFC 3986, section 3.2.1) and query: `redis://***@127.0.0.1:6379/0?***`. `***` if the
 * text is no URL with a host: `user:password@host` is one with the scheme `user`.
 */
export function withoutSecrets(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || url.host === '') return '***'
  const { protocol, username, password, host, pathname, search } = url
  const user = username === '' && password === '' ? '' : '***@'
  return `${protocol}//${user}${host}${pathname}${search === '' ? '' : '?***'}`
}
