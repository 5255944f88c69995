import { editDistance } from './edit-distance.js'
import type { Environment } from './setting.js'
import { SETTINGS } from './settings.js'

/** A variable of the environment that is not a setting, but was probably meant to be one. */
export interface LookAlike {
  readonly name: string
  /** The setting with the most similar name. */
  readonly nearest: string
}

const names = Object.keys(SETTINGS)

/** Other programs read many variables with these prefixes: the AWS SDK, OpenTelemetry, every HTTP client. */
const FOREIGN_PREFIXES: ReadonlySet<string> = new Set([
  'AWS_',
  'OTEL_',
  'HTTP_',
  'HTTPS_',
  'NO_',
  'DYNAMODB_',
])
/** `LOG_` of `LOG_LEVEL`, `MAX_` of `MAX_CONNECTIONS`, and so on. A name of one word is no prefix: see `HOSTNAME`. */
const prefixes: readonly string[] = [
  ...new Set(
    names.flatMap((name) => /^[A-Z]+_/.exec(name) ?? []).filter((prefix) => !FOREIGN_PREFIXES.has(prefix)),
  ),
]

/** Variables of other programs that are as close to a setting as a typing error. */
const FOREIGN: ReadonlySet<string> = new Set(['FTP_PROXY', 'SSL_CERT_FILE'])

/**
 * The variables that begin with a prefix of the settings, or whose names differ from that of a setting by at most two
 * letters. For a setting of four letters, it is one letter: two of four are as different as `PATH` and `AUTH`. Upper and
 * lower case are not distinguished. Variables that Kubernetes sets for its services are left out.
 */
export function findLookAlikes(env: Environment): readonly LookAlike[] {
  const services = Object.keys(env).flatMap((name) => /^(.+)_SERVICE_HOST$/.exec(name)?.[1] ?? [])
  const isOfKubernetes = (name: string) =>
    services.some((service) => name.startsWith(`${service}_SERVICE_`) || name.startsWith(`${service}_PORT`))
  return Object.keys(env).flatMap((name) => {
    const upper = name.toUpperCase()
    if (isKnown(name) || FOREIGN.has(upper) || isOfKubernetes(name)) return []
    const [nearest, distance] = nearestTo(upper)
    const isClose = distance <= (nearest.length <= 4 ? 1 : 2)
    return isClose || prefixes.some((prefix) => upper.startsWith(prefix)) ? [{ name, nearest }] : []
  })
}

function nearestTo(name: string): readonly [nearest: string, distance: number] {
  let found: readonly [string, number] = ['', Infinity]
  for (const setting of names) {
    const distance = editDistance(name, setting)
    if (distance < found[1]) found = [setting, distance]
  }
  return found
}

/** The proxy settings also have names in lower case. */
function isKnown(name: string): boolean {
  return names.includes(name) || (name.endsWith('_proxy') && names.includes(name.toUpperCase()))
}
