/** Which proxy an endpoint has: as undici's EnvHttpProxyAgent decides it. */
import t from 'tap'
import { type Dispatcher, EnvHttpProxyAgent } from 'undici'
import { readConfig } from '../../../src/config.js'
import { proxyFor, type ProxySettings } from '../../../src/storage/call/proxy.js'

/** The origin of the proxy to which EnvHttpProxyAgent connects for this endpoint, or `direct`. Nothing is connected. */
async function decisionOfUndici(
  endpoint: string,
  { httpProxy, httpsProxy, noProxy }: ProxySettings,
): Promise<string> {
  let decision = ''
  const options = {
    // Not undefined, for which it would read the environment.
    httpProxy: httpProxy ?? '',
    httpsProxy: httpsProxy ?? '',
    noProxy: noProxy ?? '',
    connect: (_options: unknown, callback: (error: Error, socket: null) => void) => {
      decision = 'direct'
      callback(new Error('not connected'), null)
    },
    clientFactory: (url: URL) => {
      const connect = () => {
        decision = url.origin
        return Promise.reject(new Error('not connected'))
      }
      return { connect, close: () => undefined, destroy: () => undefined } as unknown as Dispatcher
    },
  }
  const agent = new EnvHttpProxyAgent(options)
  await agent.request({ origin: endpoint, path: '/', method: 'GET' }).catch(() => undefined)
  return decision
}

const endpoints = [
  'https://dynamodb.eu-central-1.amazonaws.com',
  'https://dynamodb.eu-central-1.amazonaws.com:8443',
  'http://127.0.0.1:8000',
  'http://localhost',
  'http://[::1]:8000',
]
const noProxies = [
  undefined,
  '',
  '*',
  '*,x',
  'amazonaws.com',
  '.amazonaws.com',
  '*.amazonaws.com',
  'azonaws.com',
  'AmazonAWS.com, localhost',
  'dynamodb.eu-central-1.amazonaws.com:443',
  'dynamodb.eu-central-1.amazonaws.com:8443',
  'amazonaws.com:80 127.0.0.1:8000',
  'localhost:80,127.0.0.1:08000',
  '127.0.0.1',
  '127.0.0.0/8',
  '0.0.1',
  '[::1]',
  '[::1]:8000',
  '::1',
]
const proxies = [
  {},
  { httpProxy: 'http://a.example:3128' },
  { httpsProxy: 'http://b.example:3128' },
  { httpProxy: 'http://a.example:3128', httpsProxy: 'https://b.example' },
  { httpProxy: 'http://a.example:3128', httpsProxy: '' },
]

t.test('the proxy of an endpoint is that of EnvHttpProxyAgent', async (t) => {
  for (const endpoint of endpoints) {
    for (const noProxy of noProxies) {
      for (const { httpProxy, httpsProxy } of proxies as readonly Partial<ProxySettings>[]) {
        const settings = { httpProxy, httpsProxy, noProxy }
        const found = proxyFor(new URL(endpoint), settings)?.url.origin ?? 'direct'
        const label = `${endpoint} ${JSON.stringify(settings)}`
        t.equal(found, await decisionOfUndici(endpoint, settings), label)
      }
    }
  }
})

t.test('user and password become a header, and the URL does not keep them', async (t) => {
  const settings = {
    httpProxy: 'http://us%40er:p%3Ass@a.example:3128',
    httpsProxy: undefined,
    noProxy: undefined,
  }
  const proxy = proxyFor(new URL('http://127.0.0.1:8000'), settings)
  t.equal(proxy?.url.href, 'http://a.example:3128/')
  t.equal(proxy?.authorization, `Basic ${Buffer.from('us@er:p:ss').toString('base64')}`)
})

t.test('an empty setting stands for no proxy', async (t) => {
  const endpoint = new URL('https://dynamodb.eu-central-1.amazonaws.com')
  const { httpProxy, httpsProxy, noProxy } = readConfig({ HTTP_PROXY: 'http://a.example', http_proxy: '' })
  t.equal(httpProxy, '')
  t.equal(proxyFor(endpoint, { httpProxy, httpsProxy, noProxy }), undefined)
})

t.test('a proxy that is no http or https URL is refused, without its value', async (t) => {
  for (const url of [
    'proxy.example:3128',
    'socks5://proxy.example',
    'proxy.example',
    'http://a:%zz@b.example',
  ]) {
    t.throws(() => readConfig({ https_proxy: url }), { message: /^https_proxy=\*\*\* is invalid/ })
    t.throws(() => readConfig({ HTTPS_PROXY: url }), {
      message: /^HTTPS_PROXY=\*\*\* is invalid: it must be an http or https URL/,
    })
  }
})
