/**
 * `npm run test:clients`: generates a client of openapi.yaml in each language, and runs the program in `clients/` that
 * uses it against the service and DynamoDB Local. A language whose tools are missing is skipped, and said so.
 * `npm run test:clients -- go python` takes only these.
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { buildApp } from '../src/app.js'
import { readConfig } from '../src/config.js'
import { createLogger } from '../src/log.js'
import { packageRoot } from '../src/package-root.js'
import { resolveConnection } from '../src/storage/connection.js'
import { Storage } from '../src/storage/storage.js'
import { missingJava, startDynamoDBLocal, useLocalEnvironment } from './dynamodb-local.js'

interface Client {
  /** What tells whether the tools are there; its output is shown. */
  readonly needs: string
  /** Commands of the shell, as docs/clients.md has them, each in the folder of the client. */
  readonly prepare: readonly string[]
  readonly run: string
  readonly env?: NodeJS.ProcessEnv
}

// What is compiled once and run for a second need not be made fast.
const QUICKLY = `-gcflags='all=-N -l'`

const node: Client = {
  needs: 'node --version',
  prepare: ['npm ci --no-audit --no-fund', 'npm run generate', 'npm run build'],
  run: 'npm start',
}

const clients: Readonly<Record<string, Client>> = {
  go: {
    // What the generator needs.
    needs: 'go version && go version | grep -Eq "go(1[.](2[5-9]|[3-9][0-9])|[2-9][.])"',
    prepare: [
      `go run ${QUICKLY} github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2 -config oapi-codegen.yaml ../../openapi.yaml`,
      `go build ${QUICKLY} -o bin/example`,
    ],
    run: 'bin/example',
    // Nothing here needs C, and compiling is faster with less collecting of garbage.
    env: { CGO_ENABLED: '0', GOGC: '400', GOFLAGS: '-buildvcs=false', GOTOOLCHAIN: 'local' },
  },
  python: {
    needs: 'python3 -c "import ensurepip, sys, venv; print(sys.version)"',
    prepare: [
      'python3 -m venv .venv',
      '.venv/bin/pip install --quiet --disable-pip-version-check --requirement requirements.txt',
      '.venv/bin/openapi-python-client generate --path ../../openapi.yaml --config config.yaml --meta none --output-path generated --overwrite',
    ],
    run: '.venv/bin/python main.py',
  },
  'typescript-fetch': node,
  'hey-api': node,
}

const chosen = process.argv.slice(2)
const names = Object.keys(clients).filter((name) => chosen.length === 0 || chosen.includes(name))
const missing = await missingJava()
if (missing !== undefined) {
  process.stderr.write(`${missing}\n`)
  process.exit(1)
}
process.exitCode = (await testAll()) ? 0 : 1

async function testAll(): Promise<boolean> {
  useLocalEnvironment()
  const dynamodb = await startDynamoDBLocal()
  // While compilers are at work beside it, DynamoDB Local may be slow.
  const slow = { ATTEMPT_TIMEOUT_MS: '60000', REQUEST_TIMEOUT_MS: '120000' }
  const config = readConfig({ ...process.env, ...slow, HOST: '127.0.0.1', PORT: '0', TABLE_ADMIN: 'true' })
  const storage = new Storage(await resolveConnection(dynamodb.endpoint), config)
  const app = await buildApp(config, storage, createLogger('warn'))
  try {
    const url = await app.listen({ host: config.host, port: config.port })
    const results = await Promise.all(names.map(async (name) => [name, await test(name, url)] as const))
    process.stdout.write(`\n${results.map(([name, result]) => `${name}: ${result}`).join('\n')}\n`)
    return results.every(([, result]) => !result.startsWith('FAILED'))
  } finally {
    await app.close()
    await dynamodb.stop()
  }
}

/** What became of a client, as a line for a person. */
async function test(name: string, url: string): Promise<string> {
  const client = clients[name]
  if (client === undefined) return 'FAILED: there is no such client'
  const env = { ...process.env, ...client.env, SERVICE_URL: url }
  const cwd = join(packageRoot, 'clients', name)
  if ((await shell(client.needs, { cwd, env })).code !== 0) {
    process.stderr.write(`\n*** ${name} IS SKIPPED: \`${client.needs}\` fails here\n\n`)
    return 'SKIPPED, its tools are missing'
  }
  const start = performance.now()
  for (const command of [...client.prepare, client.run]) {
    const { code, output } = await shell(command, { cwd, env })
    process.stdout.write(`\n=== ${name} after ${seconds(start)}: ${command}\n${output}`)
    if (code !== 0) return `FAILED: ${command}`
  }
  return `passed after ${seconds(start)}`
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
