/** Amazon's DynamoDB Local, from the npm package that contains it. It needs Java 17 or later. */
import { spawn as spawnProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from './free-port.js'
import { loadDynamoDBLocal } from './load-dynamodb-local.js'

/** The SDK requires a region and credentials. DynamoDB Local accepts any. */
export const localEnvironment = {
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
}

/**
 * Sets {@link localEnvironment} for this process, without a profile, which would take precedence, without real keys, and
 * without a proxy, which cannot reach this machine.
 */
export function useLocalEnvironment(): void {
  Object.assign(process.env, localEnvironment)
  delete process.env['AWS_PROFILE']
  delete process.env['AWS_SESSION_TOKEN']
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY']) {
    Reflect.deleteProperty(process.env, name)
    Reflect.deleteProperty(process.env, name.toLowerCase())
  }
}

export interface DynamoDBLocal {
  readonly endpoint: string
  /** Stops the process and waits for its end. */
  readonly stop: () => Promise<void>
  /** Kills the process (SIGKILL) and waits for its end. */
  readonly kill: () => Promise<void>
  /** Suspends the process, like a machine that swaps or a network that drops packets. */
  readonly pause: () => void
  readonly resume: () => void
}

/** Checks for Java 17. Returns a message that says what to install, or `undefined` if Java is there. */
export async function missingJava(): Promise<string | undefined> {
  const version = await new Promise<string>((resolve) => {
    const java = spawnProcess('java', ['-version'], { stdio: ['ignore', 'ignore', 'pipe'] })
    let output = ''
    java.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
    java.on('error', () => {
      resolve('')
    })
    java.on('close', () => {
      resolve(output)
    })
  })
  const major = Number(/version "(\d+)/.exec(version)?.[1] ?? 0)
  if (major >= 17) return undefined
  const found = major === 0 ? 'no Java was found' : `only Java ${major} was found`
  return `DynamoDB Local needs Java 17 or later, and ${found}. Install it (Debian: apt-get install openjdk-17-jre-headless).`
}

export interface DynamoDBLocalOptions {
  /** A folder that keeps the data. Without it, they are in memory. */
  readonly path?: string | undefined
  /** Without it, a free port. */
  readonly port?: number
}

/**
 * Starts DynamoDB Local on a port of 127.0.0.1 and waits until it answers.
 * @throws Error if it cannot be downloaded, if it exits, or if it does not answer within a minute
 */
export async function startDynamoDBLocal({
  path,
  port: asked,
}: DynamoDBLocalOptions = {}): Promise<DynamoDBLocal> {
  const { spawn } = await loadDynamoDBLocal()
  const port = asked ?? (await freePort())
  // Otherwise it reports its use to Amazon. Tests and examples send nothing beyond this machine.
  process.env['DDB_LOCAL_TELEMETRY'] = '0'
  const java = spawn({
    port,
    sharedDb: true,
    stdio: 'ignore',
    detached: true,
    ...(path !== undefined && { path }),
  })
  const exited = once(java, 'exit')
  const kill = () => java.kill('SIGKILL')
  process.once('exit', kill)
  const endpoint = `http://127.0.0.1:${port}`

  const giveUp = Date.now() + 60_000
  while (!(await answers(endpoint))) {
    if (java.exitCode !== null) throw new Error(`DynamoDB Local ended with exit code ${java.exitCode}`)
    if (Date.now() > giveUp) throw new Error('DynamoDB Local did not answer within a minute')
    await sleep(100)
  }
  const end = async (signal: NodeJS.Signals) => {
    java.kill(signal)
    await exited
    process.removeListener('exit', kill)
  }
  return {
    endpoint,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    pause: () => java.kill('SIGSTOP'),
    resume: () => java.kill('SIGCONT'),
  }
}

async function answers(endpoint: string): Promise<boolean> {
  try {
    await fetch(endpoint)
    return true
  } catch {
    return false
  }
}
