import t from 'tap'
import { effectiveSettings, withoutSecrets } from '../../src/config/effective-settings.js'
import { SETTINGS } from '../../src/config/settings.js'

t.test('every setting is shown with the value that is in force', async (t) => {
  const shown = effectiveSettings({
    HOST: 'localhost',
    PORT: '8080',
    TABLE_ADMIN: 'true',
    CORS_ORIGINS: 'https://a.example, https://b.example',
    AWS_REGION: 'eu-central-1',
    PATH: '/bin',
  })
  t.strictSame(Object.keys(shown), Object.keys(SETTINGS))
  t.match(shown, {
    HOST: '127.0.0.1',
    PORT: 8080,
    TABLE_ADMIN: true,
    CORS_ORIGINS: ['https://a.example', 'https://b.example'],
    AWS_REGION: 'eu-central-1',
    LOG_LEVEL: 'info',
    AUTH: null,
    AWS_SECRET_ACCESS_KEY: null,
  })
})

t.test('credentials, and the user and the query of a URL, are not shown', async (t) => {
  const shown = effectiveSettings({
    AWS_ACCESS_KEY_ID: 'AKIAsecret',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_SESSION_TOKEN: 'secret',
    RATE_LIMIT_REDIS_URL: 'rediss://user:secret@redis.example:6380/1?password=secret',
    TLS_KEY_FILE: './tls/key.pem',
  })
  t.notMatch(JSON.stringify(shown), /secret/)
  t.match(shown, {
    AWS_ACCESS_KEY_ID: '***',
    AWS_SECRET_ACCESS_KEY: '***',
    AWS_SESSION_TOKEN: '***',
    RATE_LIMIT_REDIS_URL: 'rediss://***@redis.example:6380/1?***',
    TLS_KEY_FILE: './tls/key.pem',
  })
})

t.test('a URL without secrets is shown as it is, and a text that is no URL is not shown', async (t) => {
  t.equal(withoutSecrets('redis://127.0.0.1:6379'), 'redis://127.0.0.1:6379')
  t.equal(withoutSecrets('redis://:pw@[::1]:6379/0#pw'), 'redis://***@[::1]:6379/0')
  t.equal(withoutSecrets('user:pw@host'), '***')
  t.equal(withoutSecrets('pw'), '***')
})
