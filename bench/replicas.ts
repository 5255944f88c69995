/**
 * `npm run bench:replicas`: one replica and two of them behind nginx, as deploy/nginx configures it. On a machine of few
 * cores, two replicas share what one had. So it reports the CPU time of a request in the service and in nginx, from which
 * docs/operations.md computes the number of replicas, and the ratio between the rates.
 */
import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../src/local/free-port.js'
import { nginxConfiguration } from '../scripts/local/load-balancer-configuration.js'
import { caseNamed } from './cases.js'
import { all200, median } from './compare.js'
import { document } from './items.js'
import { Process } from './process.js'
import { digits } from './results.js'
import { SERVICE, startBefore, startGenerator, startUpstream, toGateway } from './subjects.js'

const ROUNDS = 5
const LOAD = { connections: 32, requests: 4000, seconds: 20 } as const
const measured = caseNamed('get 400 B')

const upstream = await startUpstream(2)
const generator = await startGenerator()
const [first, second] = [await startReplica(), await startReplica()]
const toOne = await startNginx([first.port, first.port])
const toTwo = await startNginx([first.port, second.port])

const subjects = {
  'one, directly': first.port,
  'one, behind nginx': toOne.port,
  'two, behind nginx': toTwo.port,
}
type Name = keyof typeof subjects
const names = Object.keys(subjects) as Name[]
const rounds: Record<Name, { perSecond: number; serviceUs: number; nginxUs: number }>[] = []
for (const port of Object.values(subjects)) all200(await generator.load(target(port), LOAD))
for (let round = 0; round < ROUNDS; round++) {
  const measurements = {} as Record<Name, { perSecond: number; serviceUs: number; nginxUs: number }>
  // In alternating turns, so that a disturbance of the machine meets all of them.
  for (const name of names) measurements[name] = await measure(subjects[name])
  rounds.push(measurements)
}
const middle = (name: Name, of: 'perSecond' | 'serviceUs' | 'nginxUs') =>
  median(rounds.map((round) => round[name][of]))
for (const name of names) {
  const rate = median(rounds.map((round) => round[name].perSecond / round['one, directly'].perSecond))
  say(
    `${name}: ${digits(middle(name, 'serviceUs'))} µs of CPU per request in the service, ` +
      `${digits(middle(name, 'nginxUs'))} in nginx; ${digits(middle(name, 'perSecond'))} requests/s, ${digits(rate)} of one, directly`,
  )
}
say(`${availableParallelism()} cores, shared by the replicas, nginx, the load generator and the upstream`)
process.exit()

function startReplica(): Promise<Process> {
  return startBefore(upstream, [SERVICE]).then((replica) => replica.listening())
}

function target(port: number) {
  return toGateway(port, measured, document)
}

async function measure(port: number) {
  const cpuMs = () => [first.cpuMs() + second.cpuMs(), toOne.cpuMs() + toTwo.cpuMs()] as const
  const [service, nginx] = cpuMs()
  const { served, seconds } = all200(await generator.load(target(port), LOAD))
  const [serviceAfter, nginxAfter] = cpuMs()
  return {
    perSecond: served.length / seconds,
    serviceUs: ((serviceAfter - service) * 1000) / served.length,
    nginxUs: ((nginxAfter - nginx) * 1000) / served.length,
  }
}

async function startNginx(replicas: readonly [number, number]) {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'nginx-'))
  chmodSync(folder, 0o755)
  const file = join(folder, 'nginx.conf')
  writeFileSync(file, nginxConfiguration({ port, replicas }, folder))
  const options = ['-p', folder, '-e', 'stderr', '-c', file, '-g', 'daemon off;']
  const nginx = spawn('nginx', options, { stdio: ['ignore', 'ignore', 'inherit'] })
  process.on('exit', () => {
    nginx.kill('SIGTERM')
    rmSync(folder, { recursive: true, force: true })
  })
  while (
    !(await fetch(`http://127.0.0.1:${port}/health/live`).then(
      () => true,
      () => false,
    ))
  ) {
    if (nginx.exitCode !== null) throw new Error('nginx has ended')
  }
  const workers = readFileSync(`/proc/${nginx.pid ?? 0}/task/${nginx.pid ?? 0}/children`, 'utf8')
    .trim()
    .split(' ')
  /** The CPU time of all workers so far, in ms. */
  const cpuMs = () =>
    workers
      .flatMap((pid) => readdirSync(`/proc/${pid}/task`).map((task) => `/proc/${pid}/task/${task}/schedstat`))
      .reduce((sum, path) => sum + Number(readFileSync(path, 'utf8').split(' ')[0]) / 1e6, 0)
  return { port, cpuMs }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
