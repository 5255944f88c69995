/** nginx and HAProxy in front of two replicas, configured by the files in deploy/, of which only ports and paths change. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { freePort } from '../../src/local/free-port.js'
import { haproxyConfiguration, nginxConfiguration } from '../../scripts/local/load-balancer-configuration.js'
import { findExecutable } from './executable.js'
import { within } from './within.js'

export interface LoadBalancer {
  readonly url: string
  /** Waits until it sends requests to both replicas. */
  readonly bothInUse: () => Promise<boolean>
  /** What it has logged. */
  readonly output: () => string
}

interface Program {
  /** How long replicas have to drain behind it, in ms. */
  readonly shutdownDelayMs: number
  readonly start: (t: Test, replicas: readonly [number, number]) => Promise<LoadBalancer>
}

/** Starts a program that stops with the test, and waits until it answers. */
async function run(t: Test, url: string, command: string, ...args: readonly string[]): Promise<() => string> {
  const child: ChildProcess = spawn(findExecutable(command) ?? command, args)
  let output = ''
  const collect = (chunk: Buffer) => (output += chunk.toString())
  child.stdout?.on('data', collect)
  child.stderr?.on('data', collect)
  t.teardown(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    // Both programs end at once, with their workers.
    child.kill('SIGTERM')
    await exited
  })
  const answers = async () => {
    if (child.exitCode !== null) throw new Error(output)
    return fetch(url).then(
      () => true,
      () => false,
    )
  }
  if (!(await within(30_000, answers))) throw new Error(output)
  return () => output
}

const nginx: Program = {
  shutdownDelayMs: 8000,
  start: async (t, replicas) => {
    const port = await freePort()
    // Not in the project, which the user of the workers may not be able to enter.
    const folder = mkdtempSync(join(tmpdir(), 'nginx-'))
    chmodSync(folder, 0o755)
    t.teardown(() => {
      rmSync(folder, { recursive: true, force: true })
    })
    const file = join(folder, 'nginx.conf')
    writeFileSync(file, nginxConfiguration({ port, replicas }, folder))
    const url = `http://127.0.0.1:${port}`
    const options = ['-p', folder, '-e', 'stderr', '-c', file, '-g', 'daemon off;']
    const output = await run(t, url, 'nginx', ...options)
    // A replica that has failed is tried again after fail_timeout, 2 s.
    return { url, output, bothInUse: () => sleep(3000, true) }
  },
}

const haproxy: Program = {
  shutdownDelayMs: 6000,
  start: async (t, replicas) => {
    const [port, statusPort] = [await freePort(), await freePort()]
    const file = join(t.testdir({}), 'haproxy.cfg')
    writeFileSync(file, haproxyConfiguration({ port, replicas }, statusPort))
    const url = `http://127.0.0.1:${port}`
    const output = await run(t, url, 'haproxy', '-db', '-f', file)
    const bothInUse = () =>
      within(60_000, async () => {
        const table = await fetch(`http://127.0.0.1:${statusPort}/;csv`).then((answer) => answer.text())
        return table.match(/^replicas,replica\d,.*,UP,/gm)?.length === 2
      })
    return { url, output, bothInUse }
  },
}

export const loadBalancers = { nginx, haproxy } as const

/** Options for tests that need the program. Without it they are skipped; in CI that is a failure. */
export function needsProgram(name: keyof typeof loadBalancers): { readonly skip: string | false } {
  if (findExecutable(name) !== undefined) return { skip: false }
  const missing = `There is no ${name} in the PATH (Debian: apt-get install ${name})`
  if (process.env['CI'] === 'true') throw new Error(missing)
  process.stderr.write(`\n*** ${missing}\n*** The tests that need it are skipped.\n\n`)
  return { skip: missing }
}
