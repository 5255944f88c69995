/** A real Redis or Valkey server from the PATH. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Test } from 'tap'
import { freePort } from '../../src/local/free-port.js'
import { needsProgram } from './executable.js'
import { within } from './within.js'

const redis = needsProgram('Redis', 'redis-server', 'redis-server', 'valkey-server')

/** Options for tests that need Redis. Without one they are skipped; in CI that is a failure. */
export const needsRedis = redis.options

export interface RedisServer {
  readonly url: string
  /** Starts it again after {@link stop}, with nothing in it. */
  readonly start: () => Promise<void>
  readonly stop: () => Promise<void>
  /** It keeps its connections but does not reply until {@link resume}. */
  readonly pause: () => void
  readonly resume: () => void
}

/**
 * Starts an empty Redis on a free port; it stops with the test.
 * @param args more options of its command line
 */
export async function startRedis(t: Test, ...args: readonly string[]): Promise<RedisServer> {
  const port = await freePort()
  let child: ChildProcess | undefined
  const start = async () => {
    const started = spawn(
      redis.path,
      ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', ...args],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    child = started
    let output = ''
    started.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    const isReady = () => output.includes('Ready to accept connections')
    if (!(await within(10_000, isReady))) throw new Error(output)
  }
  const stop = async () => {
    if (child === undefined) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    child = undefined
    await exited
  }
  await start()
  t.teardown(stop)
  return {
    url: `redis://127.0.0.1:${port}`,
    start,
    stop,
    pause: () => child?.kill('SIGSTOP'),
    resume: () => child?.kill('SIGCONT'),
  }
}
