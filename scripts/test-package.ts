/**
 * `npm run test:package`, after `npm run build`: packs the service, installs the archive in an empty folder as its users
 * do, and asks it one question: once in front of a DynamoDB that it finds in the AWS configuration, and once with `--dev`.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { localEnvironment, missingJava, startDynamoDBLocal } from '../src/local/dynamodb-local.js'
import { packageRoot, version } from '../src/package-root.js'
import { startServiceProcess } from './local/service-process.js'

const missing = await missingJava()
if (missing !== undefined) {
  process.stderr.write(`${missing}\n`)
  process.exit(1)
}
// Without a build, npm pack makes an archive that does not start: .npmrc switches off the script that would build first.
if (!existsSync(join(packageRoot, 'dist/server.js'))) {
  process.stderr.write('Run npm run build first.\n')
  process.exit(1)
}

// Outside of this repository, whose packages would be found.
const below = mkdtempSync(join(tmpdir(), 'package-'))
const folder = join(below, 'empty')
const bin = join(folder, 'node_modules/.bin/dynamodb-storage-service')
// Without the settings of npm run, such as that of .npmrc; and with a cache of its own, so that --dev installs all it needs.
const env: NodeJS.ProcessEnv = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^npm_(?:package|lifecycle|command|config_local)/i.test(name),
  ),
)
Object.assign(env, { XDG_CACHE_HOME: join(below, 'cache'), HOST: '127.0.0.1', PORT: '0' })

try {
  execFileSync('npm', ['pack', '--silent', '--pack-destination', below], {
    cwd: packageRoot,
    stdio: 'inherit',
  })
  const archive = readdirSync(below).find((name) => name.endsWith('.tgz')) ?? ''
  assert.equal(archive, `dynamodb-storage-service-${version}.tgz`)
  mkdirSync(folder)
  execFileSync('npm', ['install', '--no-audit', '--no-fund', join(below, archive)], {
    cwd: folder,
    env,
    stdio: 'inherit',
  })
  assert.deepEqual(
    readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.')),
    ['dynamodb-storage-service'],
    'the build includes its packages',
  )
  const run = (...args: readonly string[]) => execFileSync(bin, args, { cwd: folder, env, encoding: 'utf8' })
  assert.equal(run('--version'), `${version}\n`)
  assert.match(run('--help'), /^ {2}AWS_SECRET_ACCESS_KEY \(not set by default; secret\)$/m)
  await serves()
  await servesWithDynamoDBLocal()
} finally {
  rmSync(below, { recursive: true, force: true })
}

/** In front of the DynamoDB of the environment. */
async function serves(): Promise<void> {
  const dynamodb = await startDynamoDBLocal()
  try {
    const service = await startServiceProcess([bin], folder, {
      ...env,
      ...localEnvironment,
      AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint,
    })
    say('without options', await ask(`${service.url}/v1/tables`))
    assert.equal(await service.stop(), 0)
  } finally {
    await dynamodb.stop()
  }
}

/** With `--dev`, until Ctrl-C. */
async function servesWithDynamoDBLocal(): Promise<void> {
  const service = spawn(bin, ['--dev'], { cwd: folder, env, stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(service, 'exit')
  try {
    let output = ''
    service.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    while (!output.includes('Ctrl-C stops both')) {
      assert.equal(service.exitCode, null, output)
      await Promise.race([once(service.stdout, 'data'), exited])
    }
    const [, url = ''] = /curl (http:\/\/[\d.:]+)\//.exec(output) ?? []
    const answer = await ask(`${url}/v1/tables/Orders/items/ada/2026-11-02`)
    say('--dev', answer)
    assert.match(answer, /"amount":129\.95/)
  } finally {
    service.kill('SIGINT')
    await exited
  }
  assert.equal(service.exitCode, 0)
}

async function ask(url: string): Promise<string> {
  const answer = await fetch(url)
  assert.equal(answer.status, 200)
  return answer.text()
}

function say(...words: readonly string[]): void {
  process.stdout.write(`${words.join(': ')}\n`)
}
