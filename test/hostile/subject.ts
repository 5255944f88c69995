/** The service under attack, in a process of its own, and what can be seen of that process from outside. */
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { localEnvironment } from '../../src/local/dynamodb-local.js'
import { SERVER, spawnSource } from '../helpers/process.js'
import { RawClient } from './raw-client.js'

/** The heap of the process, in MiB: what leaks 3 KB with each of 100,000 requests ends it. */
const HEAP_MIB = 256

type LogLine = Readonly<Record<string, unknown>>

export interface Subject {
  readonly port: number
  readonly pid: number
  /** What must never happen, as the process itself reports it: no JSON, fatal errors, internal errors. */
  readonly faults: readonly string[]
  readonly running: () => boolean
  /** The number of open file descriptors. */
  readonly descriptors: () => Promise<number>
  /** The memory that the process takes, in bytes. */
  readonly memory: () => Promise<number>
  /** The CPU time that the process has used, in ms. */
  readonly cpuMs: () => Promise<number>
  /** Sends SIGTERM. Resolves to the exit code, or to the signal that ended the process. */
  readonly stop: () => Promise<number | string>
  /** Closes the pipe of its log, as if the log collector had died. */
  readonly closeLog: () => void
}

/** The environment of the process, without the endpoint of DynamoDB. */
export const environment = {
  PATH: process.env['PATH'],
  HOME: '/nonexistent',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  ...localEnvironment,
  PORT: '0',
  TABLE_ADMIN: 'true',
  RETRY_BASE_DELAY_MS: '1',
  AWS_MAX_ATTEMPTS: '2',
  MAX_CONNECTIONS: '16',
  REQUEST_TIMEOUT_MS: '20000',
}

/** Starts the service; it stops with the test. */
export async function startSubject(t: Test, env: Readonly<Record<string, string>>): Promise<Subject> {
  const child = spawnSource([`--max-old-space-size=${HEAP_MIB}`, SERVER], {
    env: { ...environment, ...env },
  })
  t.teardown(() => child.kill('SIGKILL'))
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  const faults: string[] = []
  let unfinished = ''
  let listening: (port: number) => void = () => undefined
  const port = new Promise<number>((resolve) => (listening = resolve))
  const readLine = (text: string) => {
    const { level = 0, msg, code, err } = parseLine(text, faults)
    const found = /Server listening at http:\/\/127\.0\.0\.1:(\d+)/.exec(String(msg))?.[1]
    if (found !== undefined) listening(Number(found))
    if (Number(level) >= 60 || code === 'InternalError') faults.push(text.slice(0, 3000))
    else if (err !== undefined && code === undefined) faults.push(text.slice(0, 3000))
  }
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (unfinished + chunk).split('\n')
    unfinished = lines.pop() ?? ''
    lines.forEach(readLine)
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => faults.push(`stderr: ${chunk}`))
  const pid = child.pid ?? 0
  const ended = exited.then(([code, signal]) => {
    throw new Error(`the service ended with ${code ?? signal ?? 'nothing'}: ${faults.join('\n')}`)
  })

  return {
    port: await Promise.race([port, ended]),
    pid,
    faults,
    running: () => child.exitCode === null && child.signalCode === null,
    descriptors: async () => (await readdir(`/proc/${pid}/fd`)).length,
    memory: async () =>
      1024 * Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]),
    cpuMs: async () => cpuMsIn(await readFile(`/proc/${pid}/stat`, 'utf8')),
    stop: async () => {
      child.kill('SIGTERM')
      const [code, signal] = await exited
      return code ?? signal ?? 'nothing'
    },
    closeLog: () => {
      child.stdout.destroy()
    },
  }
}

function parseLine(text: string, faults: string[]): LogLine {
  try {
    return JSON.parse(text) as LogLine
  } catch {
    faults.push(`not a line of the log: ${text.slice(0, 500)}`)
    return {}
  }
}

/** Linux counts CPU time in hundredths of a second; see proc_pid_stat(5). The name of the process is in parentheses. */
function cpuMsIn(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return 10 * (Number(fields[11]) + Number(fields[12]))
}

const PROBE = Buffer.from('GET /health/live HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n')
const PROBE_INTERVAL_MS = 50

export interface Watch {
  /** The longest that the event loop was busy with one thing, in ms. */
  blockedMs: number
  /** The most memory and the most file descriptors seen. */
  memory: number
  descriptors: number
  readonly stop: () => Promise<void>
}

/**
 * Watches the process while it is attacked. The event loop is blocked for as long as a health check waits, as far as the
 * process itself used the CPU in that time: on a busy machine, it may wait for others.
 */
export function watch(subject: Subject): Watch {
  let stopped = false
  const seen: Watch = {
    blockedMs: 0,
    memory: 0,
    descriptors: 0,
    stop: async () => {
      stopped = true
      await watching
    },
  }
  const client = new RawClient(subject.port)
  const run = async () => {
    while (!stopped && subject.running()) {
      const [startedAt, cpuBefore] = [performance.now(), await subject.cpuMs()]
      await client.send(PROBE, ['GET'])
      const waitedMs = performance.now() - startedAt
      seen.blockedMs = Math.max(seen.blockedMs, Math.min(waitedMs, (await subject.cpuMs()) - cpuBefore))
      seen.memory = Math.max(seen.memory, await subject.memory())
      seen.descriptors = Math.max(seen.descriptors, await subject.descriptors())
      await sleep(PROBE_INTERVAL_MS)
    }
    client.close()
  }
  const watching = run().catch(() => undefined)
  return seen
}
