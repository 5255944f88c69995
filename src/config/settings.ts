/**
 * The table of settings. A new setting is a row of it and nothing else: `npm run settings` writes `.env.example`,
 * docs/settings.md and README's table from it.
 */
import { listenHost } from './listen-host.js'
import type { Setting } from './setting.js'
import {
  anyText,
  baseUrl,
  boolean,
  credential,
  hostNames,
  httpUrl,
  integer,
  milliseconds,
  oneOf,
  origins,
  proxyUrl,
  redisUrl,
  secrets,
  text,
} from './value-types.js'

export const SETTINGS = {
  HOST: {
    member: 'host',
    type: listenHost,
    default: '127.0.0.1',
    meaning:
      'The address to listen on; `localhost` is `127.0.0.1`. Any address beyond loopback requires `AUTH`.',
  },
  PORT: {
    member: 'port',
    type: integer(0, 65_535),
    default: '3000',
    meaning: 'The port to listen on; 0 takes a free one.',
  },
  AUTH: {
    member: 'auth',
    type: oneOf('none', 'policy'),
    meaning:
      '`policy` authorizes every request by `ACCESS_FILE`. `none` gives every client that can reach `HOST` full access. ' +
      'Without it, everyone has full access, but the service listens on loopback only.',
    example: 'policy',
  },
  ACCESS_FILE: {
    member: 'accessFile',
    type: text('the path of a YAML or JSON file'),
    meaning:
      'The policy file: who may do what. Required by `AUTH=policy`. It is read again when it changes and on SIGHUP.',
    example: './access.yaml',
  },
  AUDIT: {
    member: 'audit',
    type: boolean,
    default: 'false',
    meaning: 'Whether each write and each refusal is one line of the log, whatever `LOG_LEVEL` says.',
  },
  PAGE_TOKEN_SECRET: {
    member: 'pageTokenSecret',
    type: secrets(16),
    meaning:
      'The secret that page tokens are encrypted with, the same on every replica: `openssl rand -base64 32`. Required by ' +
      '`AUTH=policy` if a grant has a `partitionKey`. To replace a secret, list several, separated by commas: the first ' +
      'one makes tokens, and all of them are accepted.',
    secret: true,
    example: 'the-output-of-openssl-rand',
  },
  RATE_LIMIT_REDIS_URL: {
    member: 'rateLimitRedisUrl',
    type: redisUrl,
    meaning:
      'The Redis or Valkey in which replicas share the rate limits of `ACCESS_FILE`. Without it, each replica counts ' +
      'for itself.',
    example: 'redis://127.0.0.1:6379',
    secret: 'in-url',
  },
  ALLOWED_HOSTS: {
    member: 'allowedHosts',
    type: hostNames,
    meaning:
      'The host names, separated by commas, by which clients may address the service, or `*` for any. Without it, ' +
      '`localhost` and IP addresses, and any name with `AUTH=policy` if anonymous callers have no roles.',
    example: 'storage.example.com',
  },
  CORS_ORIGINS: {
    member: 'corsOrigins',
    type: origins,
    meaning:
      'The origins, separated by commas, whose web pages may call the service, or `*` for any, without credentials of ' +
      'the browser. Without it, none.',
    example: 'https://app.example.com',
  },
  PROBLEM_BASE_URL: {
    member: 'problemBaseUrl',
    type: baseUrl,
    default: '/errors',
    meaning:
      'What the `type` of a problem begins with; the code follows. By default it is a page of the service. After a `#` ' +
      'the code is in lower case: an anchor of `docs/errors.md`.',
  },
  TLS_CERT_FILE: {
    member: 'tlsCertFile',
    type: text('the path of a PEM file'),
    meaning:
      'The certificate chain, for HTTPS. The three TLS files are read again when they change. Requires `TLS_KEY_FILE`.',
    example: './tls/cert.pem',
  },
  TLS_KEY_FILE: {
    member: 'tlsKeyFile',
    type: text('the path of a PEM file'),
    meaning: 'The private key of the certificate.',
    example: './tls/key.pem',
  },
  TLS_CLIENT_CA_FILE: {
    member: 'tlsClientCaFile',
    type: text('the path of a PEM file'),
    meaning:
      'The certificate authorities of clients (mutual TLS): connections without a certificate of theirs are refused.',
    example: './tls/clients.pem',
  },
  ALLOW_FOREIGN_ARNS: {
    member: 'allowForeignArns',
    type: boolean,
    default: 'false',
    meaning:
      'Whether requests may name tables of other accounts and Regions by their ARN. With `AUTH=policy`, a grant must ' +
      'list the ARN, too.',
  },
  ADMIN_PORT: {
    member: 'adminPort',
    type: integer(0, 65_535),
    meaning:
      'The port of a second server with `/metrics`, `/live`, `/ready` and `/config`, which has no access control. ' +
      'Without it, there is none, and nothing is measured.',
    example: '3001',
  },
  ADMIN_HOST: {
    member: 'adminHost',
    type: listenHost,
    default: '127.0.0.1',
    meaning: 'The address of the second server. Beyond loopback, guard it by a network policy or a firewall.',
  },
  CAPACITY_METRICS: {
    member: 'capacityMetrics',
    type: boolean,
    default: 'false',
    meaning:
      'Whether to ask DynamoDB for the consumed capacity in every request, for the metrics. Callers that did not ask ' +
      'for it do not get it.',
  },
  SERVER_TIMING: {
    member: 'serverTiming',
    type: boolean,
    default: 'false',
    meaning:
      'Whether answers have the headers `Server-Timing`, with the time of each step in ms, and `x-consumed-capacity`.',
  },
  SLOW_REQUEST_MS: {
    member: 'slowRequestMs',
    type: milliseconds(0),
    meaning: 'A request that took longer than this, in ms, is logged at the level `warn`. Without it, none.',
    example: '1000',
  },
  LOG_LEVEL: {
    member: 'logLevel',
    type: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
    default: 'info',
    meaning: 'The lowest level that is logged.',
  },
  LOG_KEYS: {
    member: 'logKeys',
    type: boolean,
    default: 'false',
    meaning: 'Whether the log may contain the keys of items and query strings, as they stand in URLs.',
  },
  AWS_REGION: {
    type: text('a region, such as eu-central-1'),
    meaning: 'The region of the tables. Without it, the region of the shared AWS configuration.',
    example: 'eu-central-1',
  },
  AWS_ACCESS_KEY_ID: {
    type: credential,
    meaning:
      'The id of the access key. Without it, the AWS SDK’s chain of credentials: profile, container or instance role, ' +
      'and so on.',
  },
  AWS_SECRET_ACCESS_KEY: {
    type: credential,
    meaning: 'The secret of the access key.',
    secret: true,
  },
  AWS_SESSION_TOKEN: {
    type: credential,
    meaning: 'The session token, for a temporary access key.',
    secret: true,
  },
  AWS_ENDPOINT_URL_DYNAMODB: {
    type: httpUrl,
    meaning: 'The endpoint of DynamoDB, if it is not the region’s own: DynamoDB Local or a VPC endpoint.',
    example: 'http://127.0.0.1:8000',
  },
  AWS_ENDPOINT_URL: {
    type: httpUrl,
    meaning: 'The endpoint of every AWS service. `AWS_ENDPOINT_URL_DYNAMODB` takes precedence.',
    example: 'http://127.0.0.1:8000',
  },
  HTTPS_PROXY: {
    member: 'httpsProxy',
    type: proxyUrl,
    meaning:
      'The HTTP proxy for an https endpoint of DynamoDB. The names of the three proxy settings in lower case take precedence.',
    example: 'http://proxy.example.com:3128',
    secret: 'in-url',
    lowerCaseFirst: true,
  },
  HTTP_PROXY: {
    member: 'httpProxy',
    type: proxyUrl,
    meaning:
      'The HTTP proxy for an http endpoint of DynamoDB, and for an https endpoint without `HTTPS_PROXY`.',
    example: 'http://proxy.example.com:3128',
    secret: 'in-url',
    lowerCaseFirst: true,
  },
  NO_PROXY: {
    member: 'noProxy',
    type: anyText('host names and addresses, with or without a port, separated by commas, or * for all'),
    meaning: 'The hosts to connect to without a proxy. A name stands for its subdomains, too.',
    example: 'localhost,127.0.0.1',
    lowerCaseFirst: true,
  },
  AWS_MAX_ATTEMPTS: {
    member: 'maxAttempts',
    type: integer(1, 100),
    default: '5',
    meaning:
      'The maximum number of attempts of one call to DynamoDB, the first one included. Read from the environment only.',
  },
  RETRY_BASE_DELAY_MS: {
    member: 'baseDelayMs',
    type: milliseconds(0),
    default: '100',
    meaning:
      'The longest delay before the first retry, in ms. It doubles with each retry; the actual delay is random below it ' +
      '(full jitter).',
  },
  RETRY_MAX_DELAY_MS: {
    member: 'maxDelayMs',
    type: milliseconds(0),
    default: '20000',
    meaning: 'The longest delay before any retry, in ms.',
  },
  ATTEMPT_TIMEOUT_MS: {
    member: 'attemptTimeoutMs',
    type: milliseconds(1),
    default: '5000',
    meaning: 'The timeout of one attempt, in ms.',
  },
  REQUEST_TIMEOUT_MS: {
    member: 'requestTimeoutMs',
    type: milliseconds(1),
    default: '30000',
    meaning:
      'The timeout of a whole request, retries and delays included, in ms. In a stream it holds for each page, each ' +
      'batch and each wait.',
  },
  MAX_CONNECTIONS: {
    member: 'maxConnections',
    type: integer(1, 65_535),
    default: '128',
    meaning: 'The maximum number of connections to DynamoDB.',
  },
  MERGE_READS: {
    member: 'mergeReads',
    type: boolean,
    default: 'false',
    meaning:
      'Whether reads of single items that arrive together share a call to DynamoDB (BatchGetItem). The service then needs the ' +
      'permission `dynamodb:BatchGetItem`.',
  },
  MERGE_READS_PAUSE_MS: {
    member: 'mergeReadsPauseMs',
    type: milliseconds(0),
    default: '5000',
    meaning:
      'How long reads of a table share no calls after such a call has failed, in ms. After a missing permission it is at ' +
      'least five minutes.',
  },
  MAX_CONCURRENT_REQUESTS: {
    member: 'maxConcurrentRequests',
    type: integer(1, 65_535),
    default: '1024',
    meaning:
      'The maximum number of in-flight requests: those whose body has arrived, until their answer is read. The service ' +
      'answers any more at once with 503 and `Retry-After` (load shedding). When the CPU is behind, fewer are let in.',
  },
  MAX_CONCURRENT_STREAMS: {
    member: 'maxConcurrentStreams',
    type: integer(1, 65_535),
    default: '64',
    meaning:
      'The maximum number of in-flight streams: imports, and queries and scans that are answered in lines. They do not ' +
      'count as requests.',
  },
  MAX_CHANGE_SUBSCRIBERS: {
    member: 'maxChangeSubscribers',
    type: integer(1, 65_535),
    default: '1000',
    meaning:
      'The maximum number of requests that follow the changes of tables. Each buffers up to 1 MiB of changes that its ' +
      'client has not read; changes that several of them wait for are in memory once. They count neither as requests nor as streams.',
  },
  MAX_CLIENT_CONNECTIONS: {
    member: 'maxClientConnections',
    type: integer(1, 1_000_000),
    default: '10000',
    meaning:
      'The maximum number of connections from clients. A few more get 503 and are closed; health checks are still answered.',
  },
  MAX_CLIENT_CONNECTIONS_PER_ADDRESS: {
    member: 'maxClientConnectionsPerAddress',
    type: integer(1, 1_000_000),
    default: '5000',
    meaning:
      'The maximum number of connections from one IPv4 address or one /64 network of IPv6. Behind a load balancer, all ' +
      'connections have its address.',
  },
  MIN_BODY_BYTES_PER_SECOND: {
    member: 'minBodyBytesPerSecond',
    type: integer(0, 1_000_000_000),
    default: '500',
    meaning:
      'The lowest rate at which a request body may arrive, in bytes a second on average after the first 5 seconds; 0 ' +
      'for any. A client that is slower gets 408. In an import, the time in which DynamoDB throttles does not count.',
  },
  BODY_LIMIT_BYTES: {
    member: 'bodyLimitBytes',
    // A body is read into one string, and V8 limits a string to 512 MiB.
    type: integer(1, 256 * 1024 * 1024),
    default: '4194304',
    meaning: 'The maximum size of a request body, in bytes; of an import, the maximum size of a line.',
  },
  BATCH_BODY_LIMIT_BYTES: {
    member: 'batchBodyLimitBytes',
    type: integer(1, 256 * 1024 * 1024),
    default: '16777216',
    meaning: 'The maximum size of the body of a batch, in bytes.',
  },
  MAX_BATCH_ENTRIES: {
    member: 'maxBatchEntries',
    type: integer(1, 1_000_000),
    default: '10000',
    meaning: 'The maximum number of entries in a batch, over all tables.',
  },
  TABLE_ADMIN: {
    member: 'tableAdmin',
    type: boolean,
    default: 'false',
    meaning: 'Whether clients can create and delete tables.',
  },
  WIRE_PROTOCOL: {
    member: 'wireProtocol',
    type: boolean,
    default: 'false',
    meaning:
      'Whether the service also speaks DynamoDB’s own protocol, `POST /` with `X-Amz-Target`, so that AWS SDKs and the CLI ' +
      'can use it as their endpoint.',
  },
  SHUTDOWN_DELAY_MS: {
    member: 'shutdownDelayMs',
    type: milliseconds(0),
    default: '0',
    meaning:
      'How long the service drains after SIGTERM before it closes its port, in ms: `/health/ready` is 503, and everything ' +
      'is still served, so that a load balancer can notice. `SHUTDOWN_GRACE_MS` begins after it.',
  },
  SHUTDOWN_GRACE_MS: {
    member: 'shutdownGraceMs',
    type: milliseconds(0),
    default: '10000',
    meaning:
      'The time for a graceful shutdown after SIGTERM and `SHUTDOWN_DELAY_MS`, in ms. After 8/10 of it, the service ' +
      'cancels the requests that are still in flight.',
  },
  DYNAMODB_LOCAL_PATH: {
    type: text('a folder'),
    meaning: 'The folder in which `npm run dev` keeps the data. Without it, the data are in memory.',
    example: './data',
  },
} as const satisfies Readonly<Record<string, Setting>>
