/** Which HTTP proxy the connections to DynamoDB go through, by undici's rules for the environment (`EnvHttpProxyAgent`). */

/** As in the environment; undefined or empty for none. */
export interface ProxySettings {
  readonly httpProxy: string | undefined
  readonly httpsProxy: string | undefined
  /** Hosts that are connected to directly: see {@link isExcluded}. */
  readonly noProxy: string | undefined
}

export interface Proxy {
  /** Without user and password. */
  readonly url: URL
  /** The value of `proxy-authorization` (RFC 7617); undefined if the URL has no user. */
  readonly authorization: string | undefined
}

/**
 * The proxy for an endpoint; undefined if it is connected to directly. An https endpoint has the proxy of `httpProxy` if
 * there is no other one.
 */
export function proxyFor(endpoint: URL, settings: ProxySettings): Proxy | undefined {
  const { httpProxy = '', httpsProxy = '', noProxy = '' } = settings
  const text = endpoint.protocol === 'https:' && httpsProxy !== '' ? httpsProxy : httpProxy
  if (text === '' || isExcluded(endpoint, noProxy)) return undefined
  const url = new URL(text)
  const { username, password } = url
  const user = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`)
  url.username = ''
  url.password = ''
  return { url, authorization: username === '' ? undefined : `Basic ${user.toString('base64')}` }
}

/**
 * Whether `NO_PROXY` lists the host of the endpoint: names and addresses, each with or without a port, separated by commas
 * or white space. A name stands for its subdomains too, with or without `.` or `*.` in front; `*` alone stands for all.
 * Ranges of addresses such as `10.0.0.0/8` are not known.
 */
function isExcluded({ protocol, hostname, port }: URL, noProxy: string): boolean {
  if (noProxy === '*') return true
  const endpointPort = port === '' ? (protocol === 'https:' ? '443' : '80') : port
  return noProxy
    .toLowerCase()
    .split(/[,\s]/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      const [, withPort, entryPort = endpointPort] = /^(.+):(\d+)$/.exec(entry) ?? []
      const name = (withPort ?? entry).replace(/^\*?\./, '')
      return (
        Number(entryPort) === Number(endpointPort) && (hostname === name || hostname.endsWith(`.${name}`))
      )
    })
}
