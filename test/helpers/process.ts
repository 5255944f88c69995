/** Runs the service in a process of its own. */
import { spawn, type SpawnOptionsWithoutStdio } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Test } from 'tap'
import { packageRoot } from '../../src/package-root.js'

const surroundings = {
  PATH: process.env['PATH'],
  HOME: '/nonexistent',
  AWS_EC2_METADATA_DISABLED: 'true',
}

/** The service as `npm test` has compiled it, beside this file. */
export const SERVER = join(import.meta.dirname, '../../src/server.js')

/** Runs JavaScript in a child process. */
export function spawnSource(args: readonly string[], options: SpawnOptionsWithoutStdio = {}) {
  return spawn(process.execPath, args, { cwd: packageRoot, ...options })
}

/** Starts the service from its sources on a free port; it stops with the test. `.ci/run` tests the built service. */
export function sourceProcess(t: Test, env: Record<string, string>, nodeOptions: readonly string[] = []) {
  const server = spawnSource(['--enable-source-maps', ...nodeOptions, SERVER], {
    env: { ...surroundings, PORT: '0', ...env },
  })
  t.teardown(() => server.kill('SIGKILL'))
  let output = ''
  let stdout = ''
  const collect = (chunk: Buffer) => (output += chunk.toString())
  server.stdout.on('data', collect)
  server.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  server.stderr.on('data', collect)
  const exited = once(server, 'exit') as Promise<[code: number | null]>
  /** Waits until the service listens; resolves to its URL. */
  const listening = async () => {
    for (;;) {
      const [, url] = /Server listening at (http:\/\/[\d.:[\]]+)/.exec(output) ?? []
      if (url !== undefined) return url
      if (server.exitCode !== null) throw new Error(output)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  /** The whole lines on stdout so far, each of which has to be JSON. */
  const log = () => {
    const lines = stdout.split('\n').slice(0, -1)
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  }
  return { server, exited, listening, log, output: () => output }
}
