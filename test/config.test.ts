import t from 'tap'
import { type Config, ConfigError, readConfig } from '../src/config.js'

/** What a start with these variables is refused with. */
function refusal(env: Record<string, string>): string {
  try {
    return `not refused: ${JSON.stringify(readConfig(env))}`
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.message
  }
}

t.test('without any variable, the documented defaults hold', async (t) => {
  t.strictSame(
    { ...readConfig({}) },
    {
      host: '127.0.0.1',
      port: 3000,
      auth: undefined,
      logLevel: 'info',
      maxAttempts: 5,
      baseDelayMs: 100,
      maxDelayMs: 20_000,
      attemptTimeoutMs: 5000,
      requestTimeoutMs: 30_000,
      maxConnections: 128,
      maxConcurrentRequests: 1024,
      bodyLimitBytes: 16_777_216,
      tableAdmin: false,
      shutdownGraceMs: 10_000,
    },
  )
  t.strictSame(readConfig({ PATH: '/bin', PORTS: 'x', MAX_CONNECTIONS: undefined }), readConfig({}))
})

t.test('the configuration cannot be changed', async (t) => {
  const config = readConfig({})
  t.ok(Object.isFrozen(config))
  t.throws(() => Object.assign(config, { port: 1 }), TypeError)
})

t.test('numbers are whole, in decimal digits, and within bounds', async (t) => {
  const settings: [name: string, field: keyof Config, least: number, most: number][] = [
    ['PORT', 'port', 0, 65_535],
    ['AWS_MAX_ATTEMPTS', 'maxAttempts', 1, 100],
    ['RETRY_BASE_DELAY_MS', 'baseDelayMs', 0, 2_147_483_647],
    ['RETRY_MAX_DELAY_MS', 'maxDelayMs', 0, 2_147_483_647],
    ['ATTEMPT_TIMEOUT_MS', 'attemptTimeoutMs', 1, 2_147_483_647],
    ['REQUEST_TIMEOUT_MS', 'requestTimeoutMs', 1, 2_147_483_647],
    ['MAX_CONNECTIONS', 'maxConnections', 1, 65_535],
    ['MAX_CONCURRENT_REQUESTS', 'maxConcurrentRequests', 1, 65_535],
    ['BODY_LIMIT_BYTES', 'bodyLimitBytes', 1, 268_435_456],
    ['SHUTDOWN_GRACE_MS', 'shutdownGraceMs', 0, 2_147_483_647],
  ]
  for (const [name, field, least, most] of settings) {
    for (const good of [least, least + 1, 77, most]) {
      t.strictSame({ ...readConfig({ [name]: String(good) }) }, { ...readConfig({}), [field]: good })
    }
    const wrong = [
      '',
      ' ',
      'x',
      '-1',
      '+1',
      '1.5',
      '1e3',
      '0x10',
      '1_000',
      ' 1',
      '1\n',
      '5s',
      'NaN',
      'Infinity',
    ]
    for (const value of [...wrong, String(least - 1), String(most + 1), '9'.repeat(400)]) {
      t.equal(
        refusal({ [name]: value }),
        `${name}=${JSON.stringify(value)} is wrong: it must be a whole number from ${least} to ${most}`,
      )
    }
  }
})

t.test('words are of those that are known', async (t) => {
  const settings: [name: string, field: keyof Config, words: Record<string, unknown>][] = [
    [
      'LOG_LEVEL',
      'logLevel',
      Object.fromEntries(
        ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'].map((level) => [level, level]),
      ),
    ],
    ['TABLE_ADMIN', 'tableAdmin', { true: true, false: false }],
  ]
  for (const [name, field, words] of settings) {
    for (const [word, meaning] of Object.entries(words)) {
      t.strictSame({ ...readConfig({ [name]: word }) }, { ...readConfig({}), [field]: meaning })
    }
    for (const value of ['', '1', 'yes', 'TRUE', 'INFO', 'verbose', ' info']) {
      t.equal(
        refusal({ [name]: value }),
        `${name}=${JSON.stringify(value)} is wrong: it must be one of ${Object.keys(words).join(', ')}`,
      )
    }
  }
})

t.test('without AUTH, the service listens on loopback only', async (t) => {
  const loopback = ['127.0.0.1', '127.9.9.9', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1']
  t.equal(readConfig({ HOST: 'localhost' }).host, '127.0.0.1', 'the name may stand for two addresses')
  for (const host of loopback) {
    t.equal(readConfig({ HOST: host }).host, host)
    t.match(readConfig({ HOST: host, AUTH: 'none' }), { host, auth: 'none' })
  }
  const open = [
    '0.0.0.0',
    '::',
    '10.0.0.1',
    '128.0.0.1',
    '::ffff:10.0.0.1',
    'fe80::1',
    'example.com',
    'localhost.example.com',
  ]
  for (const host of open) {
    t.equal(
      refusal({ HOST: host }),
      `HOST="${host}" is refused: beyond loopback, anyone who can reach the service could read and write every ` +
        'table. Set AUTH=none if that is what you want, or HOST=127.0.0.1',
    )
    t.equal(readConfig({ HOST: host, AUTH: 'none' }).host, host)
  }
  t.equal(
    refusal({ HOST: '', AUTH: 'none' }),
    'HOST="" is wrong: it must be an address or a host name to listen on, such as 127.0.0.1',
  )
})

t.test('AUTH is "none", or not set', async (t) => {
  for (const auth of ['', 'None', 'false', 'off', 'basic', 'jwt']) {
    for (const host of ['127.0.0.1', '0.0.0.0']) {
      t.equal(
        refusal({ HOST: host, AUTH: auth }),
        `AUTH=${JSON.stringify(auth)} is wrong: it must be "none", or not set`,
      )
    }
  }
})

t.test('the endpoint is an http or https URL', async (t) => {
  for (const url of [
    'http://127.0.0.1:8000',
    'https://dynamodb.eu-central-1.amazonaws.com',
    'HTTP://[::1]:8000/',
  ]) {
    t.strictSame(readConfig({ AWS_ENDPOINT_URL_DYNAMODB: url }), readConfig({}))
  }
  for (const url of [
    '',
    'localhost',
    'localhost:8000',
    '127.0.0.1:8000',
    '//127.0.0.1',
    'ftp://a',
    'http://',
    'true',
  ]) {
    t.equal(
      refusal({ AWS_ENDPOINT_URL_DYNAMODB: url }),
      `AWS_ENDPOINT_URL_DYNAMODB=${JSON.stringify(url)} is wrong: ` +
        'it must be an http or https URL, such as http://127.0.0.1:8000, without user or query',
    )
  }
})
