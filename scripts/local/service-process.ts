/** The built service in a process of its own, as in production. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'

export interface ServiceProcess {
  readonly url: string
  /** Its output so far, stdout and stderr. */
  readonly output: () => string
  /** Sends SIGTERM and waits for the end. Returns the exit code, or the signal that ended the process. */
  readonly stop: () => Promise<number | string>
}

/**
 * Starts the service and waits until it listens. With PORT=0 in the environment, it takes a free port.
 * @throws Error with its output, if it ends instead
 */
export async function startServiceProcess(
  [command, ...args]: readonly [string, ...string[]],
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<ServiceProcess> {
  const service = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = once(service, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  let output = ''
  const url = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString()
      const listening = /Server listening at (http:[^"]+)/.exec(output)?.[1]
      if (listening !== undefined) resolve(listening)
    }
    service.stdout.on('data', read)
    service.stderr.on('data', read)
    service.once('error', reject)
    service.once('close', (code: number | null, signal: NodeJS.Signals | null) => {
      reject(new Error(`the service ended with ${code ?? signal ?? 'nothing'}: ${output}`))
    })
  })
  return {
    url,
    output: () => output,
    stop: async () => {
      service.kill('SIGTERM')
      const [code, signal] = await exited
      // A child process that outlives the service would keep these pipes open.
      service.stdout.destroy()
      service.stderr.destroy()
      return code ?? signal ?? 'nothing'
    },
  }
}
