/**
 * `npm run test:clients`: runs the code blocks of docs/clients.md and docs/how-to/use-an-aws-sdk.md against the service and DynamoDB Local, each language
 * in an empty folder, and then the program in `examples/clients/` with the generated client. The service has `AUTH=policy`,
 * so every program has to send an API key. A language without its tools
 * is reported as skipped; the ready-made clients are packed first. `npm run test:clients -- go python` runs only these.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Access } from '../src/access/access.js'
import { createKey } from '../src/access/api-keys.js'
import { buildApp } from '../src/app.js'
import { readConfig } from '../src/config.js'
import { createLogger } from '../src/observability/log.js'
import { packageRoot } from '../src/package-root.js'
import { resolveConnection } from '../src/storage/call/connection.js'
import { Storage } from '../src/storage/client.js'
import { createDemoTables } from '../src/local/demo-tables.js'
import { missingJava, startDynamoDBLocal, useLocalEnvironment } from '../src/local/dynamodb-local.js'
import { cacheFolder } from '../src/local/load-dynamodb-local.js'
import { packClients } from './clients/packed.js'

interface Client {
  /** The heading in the page. Its first block generates a client and a small program, its second block runs it. */
  readonly heading: string
  /** `docs/clients.md` by default. A client of the other page is an AWS SDK. */
  readonly page?: string
  /** A command that succeeds if the tools are installed. Its output is shown. */
  readonly needs: string
  readonly env?: NodeJS.ProcessEnv
  /** The ending of the archive of a ready-made client, which is put into the folder. */
  readonly archive?: '.tgz' | '.whl'
}

const npm = { npm_config_audit: 'false', npm_config_fund: 'false' }

const pip = { PIP_QUIET: '1', PIP_DISABLE_PIP_VERSION_CHECK: '1' }
const python3 = (minor: number) =>
  `python3 -c "import ensurepip, sys, venv; print(sys.version); sys.exit(sys.version_info < (3, ${minor}))"`

/** botocore does not read `AWS_REGION`. */
const botoRegion = { AWS_DEFAULT_REGION: 'eu-central-1' }
const SDKS = 'docs/how-to/use-an-aws-sdk.md'

// The version that oapi-codegen needs.
const goIsThere = 'go version && go version | grep -Eq "go(1[.](2[5-9]|[3-9][0-9])|[2-9][.])"'
const goFast = {
  // No C compiler is needed. The program runs for a second, so it is compiled without optimization, and garbage collection is
  // rare, for a faster compilation.
  CGO_ENABLED: '0',
  GOFLAGS: `-buildvcs=false '-gcflags=all=-N -l'`,
  GOGC: '400',
  GOTOOLCHAIN: 'local',
}

const clients: Readonly<Record<string, Client>> = {
  'ready-made-typescript': {
    heading: 'TypeScript, ready-made',
    needs: 'node --version',
    env: npm,
    archive: '.tgz',
  },
  'ready-made-python': { heading: 'Python, ready-made', needs: python3(11), env: pip, archive: '.whl' },
  java: { heading: 'Java', needs: 'javac --version' },
  'openapi-generator-python': {
    heading: 'Python, openapi-generator',
    needs: `java -version 2>&1 && ${python3(10)}`,
    env: pip,
  },
  go: { heading: 'Go', needs: goIsThere, env: goFast },
  python: {
    heading: 'Python',
    needs: python3(10),
    env: pip,
  },
  'typescript-fetch': { heading: 'TypeScript, openapi-fetch', needs: 'node --version', env: npm },
  'hey-api': { heading: 'TypeScript, @hey-api/openapi-ts', needs: 'node --version', env: npm },
  'aws-sdk-javascript': { heading: 'JavaScript', page: SDKS, needs: 'node --version', env: npm },
  boto3: { heading: 'Python', page: SDKS, needs: python3(10), env: { ...pip, ...botoRegion } },
  'aws-cli': { heading: 'AWS CLI', page: SDKS, needs: python3(10), env: { ...pip, ...botoRegion } },
  'aws-sdk-go': { heading: 'Go', page: SDKS, needs: goIsThere, env: goFast },
}

/** The archive that the blocks download. */
const GENERATOR =
  'https://repo1.maven.org/maven2/org/openapitools/openapi-generator-cli/7.25.0/openapi-generator-cli-7.25.0.jar'

const { key, entry } = createKey('clients')
/** Their programs create tables of their own, and read the orders of the demo tables. */
const policy = {
  roles: { operator: [{ tables: ['Clients*', 'Orders'], actions: ['read', 'write', 'scan', 'admin'] }] },
  keys: [{ ...entry, roles: ['operator'] }],
}

const chosen = process.argv.slice(2)
const names = Object.keys(clients).filter((name) => chosen.length === 0 || chosen.includes(name))
const archives = names.some((name) => clients[name]?.archive !== undefined) ? packClients() : []
const generator = await cachedGenerator()
const missing = await missingJava()
if (missing !== undefined) {
  process.stderr.write(`${missing}\n`)
  process.exit(1)
}
process.exitCode = (await testAll()) ? 0 : 1

async function testAll(): Promise<boolean> {
  useLocalEnvironment()
  const dynamodb = await startDynamoDBLocal()
  const folder = await mkdtemp(join(tmpdir(), 'clients-'))
  const accessFile = join(folder, 'access.json')
  await writeFile(accessFile, JSON.stringify(policy))
  // Compilers run at the same time, so DynamoDB Local may be slow.
  const slow = { ATTEMPT_TIMEOUT_MS: '60000', REQUEST_TIMEOUT_MS: '120000' }
  const secured = { AUTH: 'policy', ACCESS_FILE: accessFile }
  const address = { HOST: '127.0.0.1', PORT: '0' }
  const settings = { ...process.env, ...slow, ...address, TABLE_ADMIN: 'true' }
  const config = readConfig({ ...settings, ...secured })
  const storage = new Storage(await resolveConnection(dynamodb.endpoint), config)
  const logger = createLogger('warn')
  const app = await buildApp(
    config,
    storage,
    logger,
    await Access.open(accessFile, { logger, hasPageTokenSecret: true }),
  )
  const open = readConfig({ ...settings, WIRE_PROTOCOL: 'true' })
  const forSdks = await buildApp(open, new Storage(await resolveConnection(dynamodb.endpoint), open), logger)
  try {
    await createDemoTables(storage)
    const url = await app.listen({ host: config.host, port: config.port })
    const sdkUrl = await forSdks.listen({ host: open.host, port: open.port })
    const results = await Promise.all(
      names.map(async (name) => {
        const address = clients[name]?.page === undefined ? url : sdkUrl
        return [name, await test(name, address)] as const
      }),
    )
    process.stdout.write(`\n${results.map(([name, result]) => `${name}: ${result}`).join('\n')}\n`)
    return results.every(([, result]) => !result.startsWith('FAILED'))
  } finally {
    await Promise.all([app.close(), forSdks.close()])
    await dynamodb.stop()
    await rm(folder, { recursive: true })
  }
}

/** Tests a client. Returns the result as one line of text. */
async function test(name: string, url: string): Promise<string> {
  const client = clients[name]
  if (client === undefined) return 'FAILED: there is no such client'
  const env = { ...process.env, ...client.env, SERVICE_URL: url, SERVICE_KEY: key }
  const cwd = await mkdtemp(join(tmpdir(), `client-${name}-`))
  try {
    const { archive } = client
    if (archive !== undefined) {
      const packed = archives.find((path) => path.endsWith(archive))
      if (packed !== undefined) await copyFile(packed, join(cwd, basename(packed)))
    }
    if ((await shell(client.needs, { cwd, env })).code !== 0) {
      process.stderr.write(`\n*** ${name} IS SKIPPED: \`${client.needs}\` fails here\n\n`)
      return 'SKIPPED, because its tools are not installed'
    }
    const [make, run] = await blocks(client)
    if (make === undefined || run === undefined) return 'FAILED: the page has no blocks for it'
    const start = performance.now()
    const long = join(packageRoot, 'examples/clients', name)
    const steps = [
      ['the client', make],
      ['the small program', run],
      // That of the SDK for JavaScript is test/clients/aws-sdk.test.ts.
      ...(existsSync(long) ? [['the long program', `cp '${long}'/* .\n${run}`] as const] : []),
    ] as const
    for (const [step, commands] of steps) {
      const here = commands.replaceAll('http://127.0.0.1:3000', url).replaceAll(GENERATOR, generator)
      const { code, output } = await shell(`set -e\n${here}`, { cwd, env })
      process.stdout.write(`\n=== ${name} after ${seconds(start)}: ${step}\n${output}`)
      if (code !== 0) return `FAILED: ${step}`
    }
    return `passed after ${seconds(start)}`
  } finally {
    await rm(cwd, { recursive: true, force: true })
  }
}

/** The URL of openapi-generator's archive in the user's cache. The blocks check its checksum. */
async function cachedGenerator(): Promise<string> {
  const folder = cacheFolder(process.env)
  const file = join(folder, basename(GENERATOR))
  if (!existsSync(file)) {
    const response = await fetch(GENERATOR)
    if (!response.ok) throw new Error(`${GENERATOR} answered ${response.status}`)
    await mkdir(folder, { recursive: true })
    // Another run may download it at the same time.
    const part = `${file}.${process.pid}`
    await writeFile(part, Buffer.from(await response.arrayBuffer()))
    await rename(part, file)
  }
  return pathToFileURL(file).href
}

/** The shell blocks under the heading of a client. */
async function blocks({ heading, page: file = 'docs/clients.md' }: Client): Promise<string[]> {
  const page = await readFile(join(packageRoot, file), 'utf8')
  const section = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? ''
  return Array.from(section.matchAll(/^```sh\n(.*?)^```$/gms), ([, block = '']) => block)
}

function seconds(start: number): string {
  return `${Math.round((performance.now() - start) / 1000)} s`
}

async function shell(
  command: string,
  options: { cwd: string; env: NodeJS.ProcessEnv },
): Promise<{ code: number | null; output: string }> {
  const child = spawn(command, { ...options, shell: true, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const collect = (chunk: Buffer) => (output += chunk.toString())
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      resolve({ code, output })
    })
  })
}
