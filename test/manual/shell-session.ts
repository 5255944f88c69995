/** A shell that runs one block of commands after the other, as a reader pastes them: variables and folders stay. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'

/** ASCII's record separator: no output of a block has it. */
const END = '\x1e'

export interface ShellSession {
  /**
   * Runs a block and returns what it has printed.
   * @throws Error with everything that it printed, if one of its commands fails or it takes longer than a minute
   */
  readonly run: (script: string) => Promise<string>
}

/**
 * Starts a shell in a folder. It ends with the test, and everything that it has started in the background with it.
 * @param scratch a folder for the script of the block
 */
export function startShell(t: Test, cwd: string, scratch: string, env: NodeJS.ProcessEnv): ShellSession {
  // Its own process group, so that its background processes can be ended.
  const shell = spawn('sh', ['-e'], { cwd, env, detached: true })
  t.teardown(async () => {
    const ended = shell.exitCode === null ? once(shell, 'exit') : undefined
    try {
      if (shell.pid !== undefined) process.kill(-shell.pid, 'SIGKILL')
    } catch {
      // Nothing of it is left.
    }
    await ended
  })
  let printed = ''
  let complaints = ''
  shell.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  shell.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()))
  shell.stdin.on('error', () => undefined)

  return {
    run: async (script) => {
      printed = ''
      complaints = ''
      const file = join(scratch, 'block.sh')
      writeFileSync(file, `${script}\n`)
      shell.stdin.write(`. '${file}' </dev/null; printf '${END}'\n`)
      const deadline = performance.now() + 60_000
      while (!printed.includes(END)) {
        const ended = shell.exitCode !== null
        if (ended || performance.now() > deadline) {
          const reason = ended ? `ended with ${shell.exitCode}` : 'takes longer than a minute'
          throw new Error(`${script}\n\n${reason}:\n${printed}\n${complaints}`)
        }
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      return printed.slice(0, printed.indexOf(END))
    },
  }
}
