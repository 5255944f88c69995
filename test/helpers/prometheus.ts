/** A real Prometheus server and its `promtool`, from the PATH. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { freePort } from '../../src/local/free-port.js'
import { findExecutable } from './executable.js'
import { within } from './within.js'

// Debian's package has both.
const serverPath = findExecutable('prometheus')
const toolPath = findExecutable('promtool')

const missing =
  serverPath === undefined || toolPath === undefined
    ? 'There is no Prometheus in the PATH (Debian: apt-get install prometheus)'
    : undefined
if (missing !== undefined) {
  if (process.env['CI'] === 'true') throw new Error(missing)
  process.stderr.write(`\n*** ${missing}\n*** The tests that need Prometheus are skipped.\n\n`)
}

/** Options for tests that need Prometheus. Without one they are skipped; in CI that is a failure. */
export const needsPrometheus = { skip: missing ?? false }

/**
 * Runs promtool.
 * @param args such as `check`, `rules` and a file
 * @param input its standard input: the text of `/metrics` for `check metrics`
 * @returns its exit code, 0 if everything is as it should be (3: `check metrics` found lint), and all that it printed
 */
export function promtool(
  args: readonly string[],
  { input = '', cwd }: { readonly input?: string; readonly cwd?: string } = {},
): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(toolPath ?? '', args, { input, cwd, encoding: 'utf8' })
  return { status, output: stdout + stderr }
}

/** A series of the answer to an instant query: its labels, and its value as Prometheus writes it, such as `"12.5"`. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [unixSeconds: number, value: string]
}

/** A series of the answer to a range query. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>
  readonly values: readonly (readonly [unixSeconds: number, value: string])[]
}

/** A rule in force. */
export interface Rule {
  readonly name: string
  readonly query: string
  readonly health: string
  readonly lastError?: string
}

export interface PrometheusServer {
  readonly url: string
  /** @throws Error with Prometheus's own text for an invalid expression */
  readonly query: (promql: string) => Promise<readonly Sample[]>
  /**
   * @param start in Unix seconds
   * @param end in Unix seconds
   * @param step in seconds
   */
  readonly queryRange: (
    promql: string,
    start: number,
    end: number,
    step: number,
  ) => Promise<readonly Series[]>
  /** The rules of `ruleFiles`, as far as they were evaluated; `health` is `ok` or `err`. */
  readonly rules: () => Promise<{ readonly groups: readonly { readonly rules: readonly Rule[] }[] }>
  /** Resolves when each target has been scraped `count` more times. */
  readonly scrapes: (count: number) => Promise<void>
}

/**
 * Starts an empty Prometheus on a free port of loopback, and waits until it serves queries; it stops with the test.
 * @param targets `host:port` of what it scrapes every second, at `/metrics`
 * @param job the label `job` of every series
 * @param ruleFiles rule files, by absolute path
 */
export async function startPrometheus(
  t: Test,
  targets: readonly string[],
  { job = 'dynamodb-storage-service', ruleFiles = [] as readonly string[] } = {},
): Promise<PrometheusServer> {
  const folder = mkdtempSync(join(tmpdir(), 'prometheus-'))
  // JSON is YAML.
  const config = {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: ruleFiles,
    scrape_configs: [{ job_name: job, static_configs: [{ targets }] }],
  }
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const server = spawn(
    serverPath ?? '',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let output = ''
  server.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const exited = once(server, 'exit')
  t.teardown(async () => {
    server.kill('SIGKILL')
    await exited
    rmSync(folder, { recursive: true })
  })
  const isReady = async () => {
    if (server.exitCode !== null) throw new Error(output)
    return fetch(`${url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    )
  }
  if (!(await within(30_000, isReady))) throw new Error(`Prometheus is not ready: ${output}`)

  const ask = async <T>(path: string, parameters: Record<string, string>): Promise<T> => {
    const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`)
    const { data, error } = (await response.json()) as { readonly data?: T; readonly error?: string }
    if (data === undefined) throw new Error(`${error ?? response.statusText}: ${parameters['query'] ?? ''}`)
    return data
  }
  const query = async (promql: string) => {
    const { result } = await ask<{ readonly result: readonly Sample[] }>('query', { query: promql })
    return result
  }
  const scrapesSoFar = async () => {
    // `up` has one sample for each scrape.
    const found = await query(`min(count_over_time(up{job="${job}"}[1h]))`)
    return Number(found[0]?.value[1] ?? 0)
  }
  return {
    url,
    query,
    queryRange: async (promql, start, end, step) => {
      const range = { query: promql, start: String(start), end: String(end), step: String(step) }
      const { result } = await ask<{ readonly result: readonly Series[] }>('query_range', range)
      return result
    },
    rules: () => ask('rules', {}),
    scrapes: async (count) => {
      const wanted = (await scrapesSoFar()) + count
      if (!(await within(60_000 + count * 2_000, async () => (await scrapesSoFar()) >= wanted)))
        throw new Error(`Prometheus does not scrape ${targets.join(', ')}: ${output}`)
    },
  }
}
