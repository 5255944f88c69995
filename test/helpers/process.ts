/** The service as a process of its own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Test } from 'tap'
import { packageRoot } from '../../src/package-root.js'

const surroundings = {
  PATH: process.env['PATH'],
  HOME: '/nonexistent',
  AWS_EC2_METADATA_DISABLED: 'true',
}

/** Starts it from the sources, as the build is tested by `.ci/run`, on a free port; it ends with the test. */
export function sourceProcess(t: Test, env: Record<string, string>) {
  const command = [process.execPath, '--import', 'tsx', '--enable-source-maps', join('src', 'server.ts')]
  // tap adds itself to the processes it sees started, to count what they cover. It would read the source maps of tsx
  // wrongly, and spoil with them what the tests themselves cover.
  const server = spawn('env', ['-u', 'NODE_OPTIONS', ...command], {
    cwd: packageRoot,
    env: { ...surroundings, PORT: '0', ...env },
  })
  t.teardown(() => server.kill('SIGKILL'))
  let output = ''
  const collect = (chunk: Buffer) => (output += chunk.toString())
  server.stdout.on('data', collect)
  server.stderr.on('data', collect)
  const exited = once(server, 'exit') as Promise<[code: number | null]>
  /** Waits until it listens, and gives its URL. */
  const listening = async () => {
    for (;;) {
      const [, url] = /Server listening at (http:\/\/[\d.:[\]]+)/.exec(output) ?? []
      if (url !== undefined) return url
      if (server.exitCode !== null) throw new Error(output)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  return { server, exited, listening, output: () => output }
}
