import t from 'tap'
import { type Config, ConfigError, readConfig } from '../src/config.js'

/** The message of the ConfigError for these variables. */
function refusal(env: Record<string, string>): string {
  try {
    return `not refused: ${JSON.stringify(readConfig(env))}`
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.message
  }
}

t.test('readConfig returns the documented defaults for an empty environment', async (t) => {
  t.strictSame(
    { ...readConfig({}) },
    {
      host: '127.0.0.1',
      port: 3000,
      auth: undefined,
      accessFile: undefined,
      pageTokenSecret: undefined,
      audit: false,
      rateLimitRedisUrl: undefined,
      allowedHosts: undefined,
      corsOrigins: undefined,
      problemBaseUrl: '/errors',
      tlsCertFile: undefined,
      tlsKeyFile: undefined,
      tlsClientCaFile: undefined,
      allowForeignArns: false,
      adminPort: undefined,
      adminHost: '127.0.0.1',
      capacityMetrics: false,
      serverTiming: false,
      slowRequestMs: undefined,
      logLevel: 'info',
      logKeys: false,
      httpsProxy: undefined,
      httpProxy: undefined,
      noProxy: undefined,
      maxAttempts: 5,
      baseDelayMs: 100,
      maxDelayMs: 20_000,
      attemptTimeoutMs: 5000,
      requestTimeoutMs: 30_000,
      maxConnections: 128,
      mergeReads: false,
      mergeReadsPauseMs: 5000,
      maxConcurrentRequests: 1024,
      maxConcurrentStreams: 64,
      maxChangeSubscribers: 1000,
      maxClientConnections: 10_000,
      maxClientConnectionsPerAddress: 5000,
      minBodyBytesPerSecond: 500,
      bodyLimitBytes: 4_194_304,
      batchBodyLimitBytes: 16_777_216,
      maxBatchEntries: 10_000,
      tableAdmin: false,
      wireProtocol: false,
      shutdownDelayMs: 0,
      shutdownGraceMs: 10_000,
    },
  )
  t.strictSame(readConfig({ PATH: '/bin', PORTS: 'x', MAX_CONNECTIONS: undefined }), readConfig({}))
})

t.test('the configuration is frozen', async (t) => {
  const config = readConfig({})
  t.ok(Object.isFrozen(config))
  t.throws(() => Object.assign(config, { port: 1 }), TypeError)
})

t.test('a number must be whole, in decimal digits, and within its bounds', async (t) => {
  const settings: [name: string, field: keyof Config, least: number, most: number][] = [
    ['PORT', 'port', 0, 65_535],
    ['AWS_MAX_ATTEMPTS', 'maxAttempts', 1, 100],
    ['RETRY_BASE_DELAY_MS', 'baseDelayMs', 0, 2_147_483_647],
    ['RETRY_MAX_DELAY_MS', 'maxDelayMs', 0, 2_147_483_647],
    ['ATTEMPT_TIMEOUT_MS', 'attemptTimeoutMs', 1, 2_147_483_647],
    ['REQUEST_TIMEOUT_MS', 'requestTimeoutMs', 1, 2_147_483_647],
    ['MAX_CONNECTIONS', 'maxConnections', 1, 65_535],
    ['MERGE_READS_PAUSE_MS', 'mergeReadsPauseMs', 0, 2_147_483_647],
    ['MAX_CONCURRENT_REQUESTS', 'maxConcurrentRequests', 1, 65_535],
    ['MAX_CONCURRENT_STREAMS', 'maxConcurrentStreams', 1, 65_535],
    ['MAX_CHANGE_SUBSCRIBERS', 'maxChangeSubscribers', 1, 65_535],
    ['MAX_CLIENT_CONNECTIONS', 'maxClientConnections', 1, 1_000_000],
    ['MAX_CLIENT_CONNECTIONS_PER_ADDRESS', 'maxClientConnectionsPerAddress', 1, 1_000_000],
    ['MIN_BODY_BYTES_PER_SECOND', 'minBodyBytesPerSecond', 0, 1_000_000_000],
    ['BODY_LIMIT_BYTES', 'bodyLimitBytes', 1, 268_435_456],
    ['BATCH_BODY_LIMIT_BYTES', 'batchBodyLimitBytes', 1, 268_435_456],
    ['MAX_BATCH_ENTRIES', 'maxBatchEntries', 1, 1_000_000],
    ['SHUTDOWN_DELAY_MS', 'shutdownDelayMs', 0, 2_147_483_647],
    ['SHUTDOWN_GRACE_MS', 'shutdownGraceMs', 0, 2_147_483_647],
  ]
  for (const [name, field, least, most] of settings) {
    for (const good of [least, least + 1, 77, most]) {
      t.strictSame({ ...readConfig({ [name]: String(good) }) }, { ...readConfig({}), [field]: good })
    }
    const invalid = [
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
    for (const value of [...invalid, String(least - 1), String(most + 1), '9'.repeat(400)]) {
      t.equal(
        refusal({ [name]: value }),
        `${name}=${JSON.stringify(value)} is invalid: it must be a whole number from ${least} to ${most}`,
      )
    }
  }
})

t.test('an enumerated setting accepts only its own words', async (t) => {
  const settings: [name: string, field: keyof Config, words: Record<string, unknown>][] = [
    [
      'LOG_LEVEL',
      'logLevel',
      Object.fromEntries(
        ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'].map((level) => [level, level]),
      ),
    ],
    ['TABLE_ADMIN', 'tableAdmin', { true: true, false: false }],
    ['AUDIT', 'audit', { true: true, false: false }],
    ['ALLOW_FOREIGN_ARNS', 'allowForeignArns', { true: true, false: false }],
    ['LOG_KEYS', 'logKeys', { true: true, false: false }],
  ]
  for (const [name, field, words] of settings) {
    for (const [word, meaning] of Object.entries(words)) {
      t.strictSame({ ...readConfig({ [name]: word }) }, { ...readConfig({}), [field]: meaning })
    }
    for (const value of ['', '1', 'yes', 'TRUE', 'INFO', 'verbose', ' info']) {
      t.equal(
        refusal({ [name]: value }),
        `${name}=${JSON.stringify(value)} is invalid: it must be one of ${Object.keys(words).join(', ')}`,
      )
    }
  }
})

t.test('HOST must be loopback without AUTH', async (t) => {
  const loopback = ['127.0.0.1', '127.9.9.9', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1']
  t.equal(readConfig({ HOST: 'localhost' }).host, '127.0.0.1', 'the name may resolve to two addresses')
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
      `HOST="${host}" is refused: beyond loopback, every client that can reach the service could read and write ` +
        'every table. Set AUTH=policy and ACCESS_FILE, or AUTH=none if that is what you want, or HOST=127.0.0.1',
    )
    t.equal(readConfig({ HOST: host, AUTH: 'none' }).host, host)
  }
  t.equal(
    refusal({ HOST: '', AUTH: 'none' }),
    'HOST="" is invalid: it must be an address or a host name to listen on, such as 127.0.0.1',
  )
})

t.test('AUTH must be "none" or "policy", or not set', async (t) => {
  for (const auth of ['', 'None', 'false', 'off', 'basic', 'jwt']) {
    for (const host of ['127.0.0.1', '0.0.0.0']) {
      t.equal(
        refusal({ HOST: host, AUTH: auth }),
        `AUTH=${JSON.stringify(auth)} is invalid: it must be one of none, policy, or not set`,
      )
    }
  }
})

t.test('AUTH=policy and ACCESS_FILE go together', async (t) => {
  const { auth, accessFile, host } = readConfig({ HOST: '0.0.0.0', AUTH: 'policy', ACCESS_FILE: 'a.yaml' })
  t.same({ auth, accessFile, host }, { auth: 'policy', accessFile: 'a.yaml', host: '0.0.0.0' })
  t.equal(refusal({ AUTH: 'policy' }), 'AUTH=policy requires ACCESS_FILE, the path of the policy file')
  for (const env of [{ ACCESS_FILE: 'a.yaml' }, { ACCESS_FILE: 'a.yaml', AUTH: 'none' }]) {
    t.equal(refusal(env), 'ACCESS_FILE has no effect without AUTH=policy')
  }
})

t.test('the TLS files go together', async (t) => {
  const pair = { TLS_CERT_FILE: 'cert', TLS_KEY_FILE: 'key' }
  t.match(readConfig({ ...pair, TLS_CLIENT_CA_FILE: 'ca' }), {
    tlsCertFile: 'cert',
    tlsKeyFile: 'key',
    tlsClientCaFile: 'ca',
  })
  t.equal(refusal({ TLS_CERT_FILE: 'cert' }), 'TLS_CERT_FILE and TLS_KEY_FILE must be set together')
  t.equal(refusal({ TLS_KEY_FILE: 'key' }), 'TLS_CERT_FILE and TLS_KEY_FILE must be set together')
  t.equal(refusal({ TLS_CLIENT_CA_FILE: 'ca' }), 'TLS_CLIENT_CA_FILE requires TLS_CERT_FILE and TLS_KEY_FILE')
})

t.test('ALLOWED_HOSTS is a list of names without ports, or *', async (t) => {
  t.same(readConfig({ ALLOWED_HOSTS: 'Storage.example, localhost' }).allowedHosts, [
    'storage.example',
    'localhost',
  ])
  t.same(readConfig({ ALLOWED_HOSTS: '*' }).allowedHosts, ['*'])
  for (const hosts of ['', 'a,', 'a:80', 'http://a', 'a b'])
    t.match(refusal({ ALLOWED_HOSTS: hosts }), /host names without a port/)
})

t.test('CORS_ORIGINS is a list of origins as browsers send them, or *', async (t) => {
  const origins = ['https://app.example.com', 'http://localhost:5173']
  t.same(readConfig({ CORS_ORIGINS: origins.join(', ') }).corsOrigins, origins)
  t.same(readConfig({ CORS_ORIGINS: '*' }).corsOrigins, ['*'])
  for (const invalid of [
    '',
    'app.example.com',
    'https://a/',
    'https://a/b',
    'https://a:443',
    `*,${origins.join()}`,
    'null',
  ]) {
    t.match(refusal({ CORS_ORIGINS: invalid }), /must be \* alone, or origins/)
  }
})

t.test(
  'PROBLEM_BASE_URL is a path from the root or an absolute URL, and a slash at its end makes no difference',
  async (t) => {
    for (const [text, problemBaseUrl] of [
      ['/storage/errors', '/storage/errors'],
      ['https://storage.example.com/errors/', 'https://storage.example.com/errors'],
      ['https://docs.example.com/errors.md#', 'https://docs.example.com/errors.md#'],
      ['https://storage.example.com:8443', 'https://storage.example.com:8443'],
    ] as const) {
      t.match(readConfig({ PROBLEM_BASE_URL: text }), { problemBaseUrl }, text)
    }
    for (const text of [
      '',
      'errors',
      '//evil.example/errors',
      'ftp://storage.example.com/errors',
      'https://',
      'https://user:secret@storage.example.com/errors',
      'https://storage.example.com/errors?code=',
      'https://storage.example.com/errors#code-',
      '/errors "quoted"',
      '/föhler',
      '/errors\r\nx: y',
    ]) {
      t.match(refusal({ PROBLEM_BASE_URL: text }), /^PROBLEM_BASE_URL=.* is invalid: it must be a path/, text)
    }
  },
)

t.test('RATE_LIMIT_REDIS_URL is a redis or rediss URL, which no message repeats', async (t) => {
  for (const url of ['redis://127.0.0.1:6379', 'rediss://:secret@redis.example:6380/1']) {
    t.equal(readConfig({ RATE_LIMIT_REDIS_URL: url }).rateLimitRedisUrl, url)
  }
  t.match(refusal({ RATE_LIMIT_REDIS_URL: 'http://:secret@a' }), /^RATE_LIMIT_REDIS_URL=\*\*\* is invalid/)
})

t.test('an endpoint must be an http or https URL', async (t) => {
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
    'http://:password@a',
    'ftp://a',
    'http://',
    'true',
  ]) {
    t.equal(
      refusal({ AWS_ENDPOINT_URL_DYNAMODB: url }),
      `AWS_ENDPOINT_URL_DYNAMODB=${JSON.stringify(url)} is invalid: ` +
        'it must be an http or https URL without user or query, such as http://127.0.0.1:8000, or not set',
    )
  }
})

t.test(
  'a setting that another program reads is checked, but is not a part of the configuration',
  async (t) => {
    const valid = {
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: '',
      AWS_ENDPOINT_URL: 'https://localhost',
      DYNAMODB_LOCAL_PATH: './data',
    }
    t.strictSame(readConfig(valid), readConfig({}))
    t.equal(
      refusal({ AWS_REGION: '' }),
      'AWS_REGION="" is invalid: it must be a region, such as eu-central-1, or not set',
    )
    t.equal(
      refusal({ DYNAMODB_LOCAL_PATH: '' }),
      'DYNAMODB_LOCAL_PATH="" is invalid: it must be a folder, or not set',
    )
  },
)

t.test('a message does not contain the value of a secret', async (t) => {
  for (const name of ['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN']) {
    t.equal(
      refusal({ [name]: 'top-secret\n' }),
      `${name}=*** is invalid: it must be without white space, or not set`,
    )
  }
})

t.test('all invalid settings are reported at once, and rules between settings too', async (t) => {
  t.throws(() => readConfig({ PORT: 'x', LOG_LEVEL: 'loud', TABLE_ADMIN: 'toString', HOST: '0.0.0.0' }), {
    name: 'ConfigError',
    problems: [
      'PORT="x" is invalid: it must be a whole number from 0 to 65535',
      'LOG_LEVEL="loud" is invalid: it must be one of fatal, error, warn, info, debug, trace, silent',
      'TABLE_ADMIN="toString" is invalid: it must be one of true, false',
      /^HOST="0\.0\.0\.0" is refused: /,
    ],
    message:
      /^4 settings are invalid:\n- PORT="x" is invalid: [^\n]*\n- LOG_LEVEL=.*\n- TABLE_ADMIN=.*\n- HOST=/,
  })
})
