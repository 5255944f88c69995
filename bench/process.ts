/** The measured and the measuring processes: each is bound to a core, and its CPU time and memory are known. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { connect } from 'node:net'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { HttpTarget } from './load-http.js'
import type { Load, Measured } from './load.js'
import { freePort } from '../src/local/free-port.js'

if (!existsSync('/proc/self/task')) {
  throw new Error('The benchmarks read what processes use from /proc, so they need Linux; try a container.')
}

/** The core of the measured process. All other processes of the benchmark share the other one. */
export const SUBJECT = 0
export const AROUND = 1
export const pinned = availableParallelism() > 1 && existsSync('/usr/bin/taskset')

const logs = mkdtempSync(join(tmpdir(), 'bench-'))
const running = new Set<ChildProcess>()
const measured = new Set<Process>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
  rmSync(logs, { recursive: true })
})
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))

/** The environment of every process, without the AWS configuration of this machine. */
const environment = {
  PATH: process.env['PATH'],
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
}

export class Process {
  readonly port: number
  readonly #child: ChildProcess
  readonly #exited: Promise<unknown>

  private constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.port = port
    running.add(child)
    measured.add(this)
    this.#exited = once(child, 'exit').then(() => {
      running.delete(child)
      measured.delete(this)
    })
  }

  /**
   * Starts Node.js with a file of the build and a free `PORT`. Its output goes to a file, like the logs of a service.
   * @param talks whether it receives messages; the built service does not
   * @param program another one than Node.js, which listens on this port
   */
  static async start(
    args: readonly string[],
    core: number,
    {
      env = {},
      talks = false,
      program = process.execPath,
      port: given,
    }: { env?: NodeJS.ProcessEnv; talks?: boolean; program?: string | undefined; port?: number } = {},
  ): Promise<Process> {
    const port = given ?? (await freePort())
    const log = openSync(join(logs, `${port}.log`), 'a')
    const [command, ...rest] = [...(pinned ? ['taskset', '-c', String(core)] : []), program, ...args]
    const child = spawn(command ?? '', rest, {
      env: { ...environment, ...env, PORT: String(port) },
      stdio: ['ignore', log, log, ...(talks ? (['ipc'] as const) : [])],
      serialization: 'advanced',
    })
    closeSync(log)
    return new Process(child, port)
  }

  /** Waits until it accepts connections. */
  async listening(): Promise<this> {
    for (;;) {
      const socket = connect(this.port, '127.0.0.1')
      const connected = await once(socket, 'connect').then(
        () => true,
        () => false,
      )
      socket.destroy()
      if (connected) return this
      if (this.#child.exitCode !== null) throw this.#ended()
      await sleep(5)
    }
  }

  /** Sends it a message and waits for its answer. */
  ask(message: object): Promise<unknown> {
    return Promise.race([
      new Promise((resolve) => {
        this.#child.once('message', resolve)
        this.#child.send(message)
      }),
      this.#exited.then(() => Promise.reject(this.#ended())),
    ])
  }

  /** Makes it run a load; see {@link serveLoads}. */
  async load(target: HttpTarget | string, load: Load): Promise<Measured> {
    const text = typeof target === 'string' ? target : JSON.stringify(target)
    return (await this.ask({ target: text, load })) as Measured
  }

  /** The CPU time of all its threads so far, user and system, in ms. */
  cpuMs(): number {
    const tasks = `/proc/${this.#pid}/task`
    return readdirSync(tasks).reduce(
      (sum, task) => sum + Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0]) / 1e6,
      0,
    )
  }

  /** Current and peak resident memory, in MB. */
  memory(): { now: number; peak: number } {
    const status = readFileSync(`/proc/${this.#pid}/status`, 'utf8')
    const read = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024
    return { now: read('VmRSS'), peak: read('VmHWM') }
  }

  /** Resets the peak (proc(5), clear_refs). */
  resetPeak(): void {
    writeFileSync(`/proc/${this.#pid}/clear_refs`, '5')
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM')
    await this.#exited
  }

  get #pid(): number {
    if (this.#child.pid === undefined) throw this.#ended()
    return this.#child.pid
  }

  #ended(): Error {
    const said = readFileSync(join(logs, `${this.port}.log`), 'utf8').slice(-2000)
    return new Error(`${this.#child.spawnargs.join(' ')} has ended: ${said}`)
  }
}

/** The share of all cores that other processes and the host used meanwhile: the disturbance of a measurement. */
export class Disturbance {
  readonly #since = performance.now()
  readonly #before = Disturbance.#othersMs()

  get share(): number {
    const elapsedMs = (performance.now() - this.#since) * availableParallelism()
    return (Disturbance.#othersMs() - this.#before) / elapsedMs
  }

  /**
   * The busy time of all cores (proc(5), /proc/stat, in hundredths of a second) without that of our own processes:
   * this one, those that run, and those that have ended (`cutime` and `cstime` in /proc/self/stat).
   */
  static #othersMs(): number {
    const [, ...times] = (readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? '').split(/ +/).map(Number)
    const busy = times
      .slice(0, 8)
      .reduce((sum, ticks, column) => sum + (column === 3 || column === 4 ? 0 : ticks), 0)
    const self = readFileSync('/proc/self/stat', 'utf8')
    const [endedUser = NaN, endedSystem = NaN] = self
      .slice(self.lastIndexOf(')') + 2)
      .split(' ')
      .slice(13, 15)
      .map(Number)
    const { user, system } = process.cpuUsage()
    const own = [...measured].reduce((sum, one) => sum + one.cpuMs(), (user + system) / 1000)
    return (busy - endedUser - endedSystem) * 10 - own
  }
}
