import t from 'tap'
import { editDistance } from '../../src/config/edit-distance.js'
import { findLookAlikes } from '../../src/config/look-alikes.js'
import { SETTINGS } from '../../src/config/settings.js'

/** The variables of this environment that are reported, with the nearest setting. */
function reported(...names: readonly string[]) {
  const found = findLookAlikes(Object.fromEntries(names.map((name) => [name, ''])))
  return Object.fromEntries(found.map(({ name, nearest }) => [name, nearest]))
}

t.test('a variable within two letters of a setting is reported with that setting', async (t) => {
  t.strictSame(reported('TABLE_ADMINS', 'MAX_CONECTIONS', 'LOGLEVEL', 'SHUTDOWN_GARCE_MS', 'TABLEADMINS'), {
    TABLE_ADMINS: 'TABLE_ADMIN',
    MAX_CONECTIONS: 'MAX_CONNECTIONS',
    LOGLEVEL: 'LOG_LEVEL',
    SHUTDOWN_GARCE_MS: 'SHUTDOWN_GRACE_MS',
    TABLEADMINS: 'TABLE_ADMIN',
  })
  t.strictSame(reported('AWS_REGIONS', 'AWS_ENDPOINT_URL_DYNAMDB', 'AWS_MAX_ATTEMPT', 'CORS_ORIGIN'), {
    AWS_REGIONS: 'AWS_REGION',
    AWS_ENDPOINT_URL_DYNAMDB: 'AWS_ENDPOINT_URL_DYNAMODB',
    AWS_MAX_ATTEMPT: 'AWS_MAX_ATTEMPTS',
    CORS_ORIGIN: 'CORS_ORIGINS',
  })
  t.strictSame(reported('table_admin', 'Log_Level'), { table_admin: 'TABLE_ADMIN', Log_Level: 'LOG_LEVEL' })
})

t.test('a variable within one letter of a setting with a short name is reported', async (t) => {
  t.strictSame(reported('PORTS', 'HOSTS', 'PROT', 'AUHT', 'AUDITS'), {
    PORTS: 'PORT',
    HOSTS: 'HOST',
    PROT: 'PORT',
    AUHT: 'AUTH',
    AUDITS: 'AUDIT',
  })
})

t.test('a variable that begins with a prefix of the settings is reported', async (t) => {
  t.strictSame(
    reported('TABLE_ADMINISTRATION', 'LOG_FORMAT', 'MAX_CLIENTS', 'TLS_CERT', 'RATE_LIMIT_REDIS'),
    {
      TABLE_ADMINISTRATION: 'TABLE_ADMIN',
      LOG_FORMAT: 'LOG_LEVEL',
      MAX_CLIENTS: 'MAX_CONNECTIONS',
      TLS_CERT: 'TLS_CERT_FILE',
      RATE_LIMIT_REDIS: 'RATE_LIMIT_REDIS_URL',
    },
  )
})

t.test('settings are not reported', async (t) => {
  t.strictSame(reported(...Object.keys(SETTINGS)), {})
})

t.test('common variables of other programs are not reported', async (t) => {
  const shell =
    '_ BASH CDPATH COLORTERM COLUMNS DISPLAY EDITOR EUID FTP_PROXY GID GROUPS HISTFILE HISTSIZE HOME HOSTNAME HOSTTYPE IFS ' +
    'INVOCATION_ID JOURNAL_STREAM LANG LANGUAGE LC_ALL LC_CTYPE LESS LINES LISTEN_FDS LISTEN_PID LOGNAME LS_COLORS MAIL ' +
    'MANPATH NOTIFY_SOCKET NO_COLOR OLDPWD OSTYPE PAGER PATH PPID PS1 PWD RANDOM ROOT SECONDS SHELL SHLVL SSH_AUTH_SOCK ' +
    'SSH_CLIENT SSH_TTY SSL_CERT_DIR SSL_CERT_FILE STY SUDO_USER SYSTEMD_EXEC_PID TEMP TERM TMP TMPDIR TMUX TZ UID USER ' +
    'VISUAL WATCHDOG_PID WATCHDOG_USEC XDG_RUNTIME_DIR XDG_SESSION_ID ftp_proxy http_proxy https_proxy no_proxy all_proxy'
  const platforms =
    'ALL_PROXY CI CONTAINER DEBUG DEPLOY_ENV DOCKER_HOST DYNO ECS_CONTAINER_METADATA_URI ECS_CONTAINER_METADATA_URI_V4 ' +
    'ENV ENVIRONMENT FORCE_COLOR GIT_SHA INIT_CWD KUBERNETES_PORT KUBERNETES_SERVICE_HOST K_SERVICE K_REVISION ' +
    'MALLOC_ARENA_MAX MESOS_SANDBOX NAMESPACE NODE NODE_ENV NODE_EXTRA_CA_CERTS NODE_NAME NODE_NO_WARNINGS NODE_OPTIONS ' +
    'NODE_PATH NODE_TLS_REJECT_UNAUTHORIZED NODE_USE_ENV_PROXY NODE_VERSION POD_IP POD_NAME POD_NAMESPACE UV_THREADPOOL_SIZE ' +
    'WEB_CONCURRENCY YARN_VERSION container npm_command npm_config_cache npm_config_noproxy npm_lifecycle_event npm_package_name'
  const aws =
    'AWS_ACCOUNT_ID AWS_CA_BUNDLE AWS_CLI_AUTO_PROMPT AWS_CONFIG_FILE AWS_CONTAINER_AUTHORIZATION_TOKEN ' +
    'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE AWS_CONTAINER_CREDENTIALS_FULL_URI AWS_CONTAINER_CREDENTIALS_RELATIVE_URI ' +
    'AWS_CREDENTIAL_EXPIRATION AWS_DEFAULT_OUTPUT AWS_DEFAULT_PROFILE AWS_DEFAULT_REGION AWS_DEFAULTS_MODE ' +
    'AWS_EC2_METADATA_DISABLED AWS_EC2_METADATA_SERVICE_ENDPOINT AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE ' +
    'AWS_EC2_METADATA_V1_DISABLED AWS_ENDPOINT_DISCOVERY_ENABLED AWS_ENDPOINT_URL_S3 AWS_ENDPOINT_URL_STS ' +
    'AWS_EXECUTION_ENV AWS_IGNORE_CONFIGURED_ENDPOINT_URLS AWS_LAMBDA_FUNCTION_NAME AWS_PAGER AWS_PROFILE AWS_RETRY_MODE ' +
    'AWS_ROLE_ARN AWS_ROLE_SESSION_NAME AWS_SDK_LOAD_CONFIG AWS_SDK_UA_APP_ID AWS_SECURITY_TOKEN ' +
    'AWS_SHARED_CREDENTIALS_FILE AWS_STS_REGIONAL_ENDPOINTS AWS_USE_DUALSTACK_ENDPOINT AWS_USE_FIPS_ENDPOINT ' +
    'AWS_VAULT AWS_WEB_IDENTITY_TOKEN_FILE AWS_XRAY_DAEMON_ADDRESS OTEL_EXPORTER_OTLP_ENDPOINT OTEL_SERVICE_NAME'
  for (const name of `${shell} ${platforms} ${aws}`.split(' ')) t.strictSame(reported(name), {}, name)
})

t.test('variables that Kubernetes sets for services are not reported', async (t) => {
  const names = ['DYNAMODB', 'LOG_SERVER', 'ADMIN', 'TABLE'].flatMap((service) => [
    `${service}_SERVICE_HOST`,
    `${service}_SERVICE_PORT`,
    `${service}_SERVICE_PORT_HTTP`,
    `${service}_PORT`,
    `${service}_PORT_8000_TCP`,
    `${service}_PORT_8000_TCP_ADDR`,
  ])
  t.strictSame(reported(...names), {})
  t.strictSame(reported('LOG_SERVER_PORT'), { LOG_SERVER_PORT: 'LOG_LEVEL' }, 'without the service')
})

t.test('editDistance counts insertions, deletions, replacements and swaps', async (t) => {
  for (const [a, b, distance] of [
    ['', '', 0],
    ['', 'ab', 2],
    ['port', 'port', 0],
    ['port', 'ports', 1],
    ['port', 'prot', 1],
    ['port', 'sort', 1],
    ['path', 'auth', 2],
    ['kitten', 'sitting', 3],
  ] as const) {
    t.equal(editDistance(a, b), distance, `${a} ${b}`)
    t.equal(editDistance(b, a), distance, `${b} ${a}`)
  }
})
