/**
 * The configuration: the environment variables of the table in config/settings.ts, read and checked once at start, and
 * never changed.
 */
import { isLoopback } from './config/listen-host.js'
import { ConfigError, type Environment, hasAll, readSettings, type ValuesOf } from './config/setting.js'
import { SETTINGS } from './config/settings.js'

export { ConfigError }

export type Config = ValuesOf<typeof SETTINGS>

const members = Object.values(SETTINGS).flatMap((setting) => ('member' in setting ? [setting.member] : []))

/** A rule between settings: it applies if each of them is valid, and returns the problem, if there is one. */
function rule<Member extends keyof Config>(
  among: readonly Member[],
  problemOf: (config: Pick<Config, Member>) => string | undefined,
): (values: object) => readonly string[] {
  return (values) => {
    const problem = hasAll<Config, Member>(values, among) ? problemOf(values) : undefined
    return problem === undefined ? [] : [problem]
  }
}

const rules = [
  rule(['host', 'auth'], ({ host, auth }) =>
    auth === undefined && !isLoopback(host)
      ? `HOST=${JSON.stringify(host)} is refused: beyond loopback, every client that can reach the service could read ` +
        'and write every table. Set AUTH=policy and ACCESS_FILE, or AUTH=none if that is what you want, or HOST=127.0.0.1'
      : undefined,
  ),
  rule(['auth', 'accessFile'], ({ auth, accessFile }) =>
    (auth === 'policy') === (accessFile !== undefined)
      ? undefined
      : auth === 'policy'
        ? 'AUTH=policy requires ACCESS_FILE, the path of the policy file'
        : 'ACCESS_FILE has no effect without AUTH=policy',
  ),
  rule(['tlsCertFile', 'tlsKeyFile', 'tlsClientCaFile'], ({ tlsCertFile, tlsKeyFile, tlsClientCaFile }) =>
    (tlsCertFile === undefined) !== (tlsKeyFile === undefined)
      ? 'TLS_CERT_FILE and TLS_KEY_FILE must be set together'
      : tlsClientCaFile !== undefined && tlsCertFile === undefined
        ? 'TLS_CLIENT_CA_FILE requires TLS_CERT_FILE and TLS_KEY_FILE'
        : undefined,
  ),
]

/**
 * Reads the settings from the environment. The result is frozen.
 * @throws ConfigError with every invalid setting
 */
export function readConfig(env: Environment): Config {
  const { values, problems } = readSettings(SETTINGS, env)
  const all = [...problems, ...rules.flatMap((rule) => rule(values))]
  if (all.length > 0 || !hasAll<Config, keyof Config>(values, members)) throw new ConfigError(...all)
  return Object.freeze(values)
}
