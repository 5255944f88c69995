/** The commit to compare with, its build, and what the commits since then say about their cost. */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** @returns what Git prints, or undefined if it fails */
function git(repository: string, ...args: readonly string[]): string | undefined {
  try {
    return execFileSync('git', args, {
      cwd: repository,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return undefined
  }
}

/**
 * The commit before the changes: the one where they left `origin/main`, so that several new commits are compared as a
 * whole. Where all is in `origin/main`, or there is none, it is the last commit, or the one before it if nothing is changed
 * since.
 * @param given another commit to compare with
 * @returns undefined if the clone does not have it, such as a shallow one
 */
export function commitBefore(repository: string, given?: string): string | undefined {
  const commit = (name: string) => git(repository, 'rev-parse', '--verify', '--quiet', `${name}^{commit}`)
  if (given !== undefined) return commit(given)
  const head = commit('HEAD')
  const left = git(repository, 'merge-base', 'HEAD', 'origin/main') ?? head
  if (left !== head) return left
  return git(repository, 'status', '--porcelain') === '' ? commit('HEAD~1') : head
}

/** What commits since then say about their cost: `Speed: …` at the end of their messages. */
export function admittedCosts(repository: string, before: string): readonly string[] {
  const format = '--format=%(trailers:key=Speed,valueonly)'
  return (git(repository, 'log', format, `${before}..HEAD`) ?? '').split('\n').filter((line) => line !== '')
}

/**
 * Builds a commit in an empty folder.
 * @throws Error if it cannot be built
 */
export function build(repository: string, commit: string, folder: string): void {
  const run = (command: string, ...args: readonly string[]) =>
    execFileSync(command, args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
  const archive = execFileSync('git', ['archive', commit], { cwd: repository, maxBuffer: 2 ** 30 })
  execFileSync('tar', ['-x'], { cwd: folder, input: archive })
  if (sameFile('package-lock.json', repository, folder)) {
    // Links are much faster than copies, but not possible from one file system to another.
    const packages = join(repository, 'node_modules')
    run('sh', '-c', 'cp -al "$0" . 2>/dev/null || cp -a "$0" .', packages)
  } else {
    run('npm', 'ci')
  }
  run('npm', 'run', 'build')
}

/** Whether two builds run the same code. */
export function sameBuild(one: string, other: string): boolean {
  const chunks = readdirSync(join(other, 'dist/chunks')).map((name) => `dist/chunks/${name}`)
  return ['dist/server.js', ...chunks].every((name) => sameFile(name, one, other))
}

function sameFile(name: string, one: string, other: string): boolean {
  const [first, second] = [join(one, name), join(other, name)]
  return existsSync(first) && existsSync(second) && readFileSync(first).equals(readFileSync(second))
}
