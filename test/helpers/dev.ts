/** `npm run dev` as a newcomer starts it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { packageRoot } from '../../src/package-root.js'

/** Runs the `dev` script of package.json and waits until it is ready; resolves to its URLs and its output. */
export async function startDev(t: Test, env: Record<string, string> = {}, cwd = packageRoot) {
  const { scripts } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
    scripts: { dev: string }
  }
  // Its own process group, so that a signal reaches every process, as Ctrl-C in a terminal does.
  const dev = spawn(scripts.dev, {
    cwd,
    env: { ...process.env, PORT: '0', ADMIN_PORT: '0', ...env },
    shell: true,
    detached: true,
  })
  t.teardown(async () => {
    // SIGKILL would leave DynamoDB Local behind, which is in a group of its own.
    if (dev.exitCode === null && dev.signalCode === null) await interrupt(dev)
  })
  let printed = ''
  const collect = (chunk: Buffer) => (printed += chunk.toString())
  dev.stdout.on('data', collect)
  dev.stderr.on('data', collect)
  while (!printed.includes('Ctrl-C stops both')) {
    if (dev.exitCode !== null) throw new Error(printed)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const [, url = ''] = /curl (http:\/\/[\d.:]+)\//.exec(printed) ?? []
  const [, database = ''] = /DynamoDB Local is at (\S+),/.exec(printed) ?? []
  return { dev, url, database, printed: () => printed }
}

export async function interrupt(dev: ChildProcess): Promise<void> {
  if (dev.pid !== undefined) process.kill(-dev.pid, 'SIGINT')
  await once(dev, 'exit')
}
