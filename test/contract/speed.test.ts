/** The commit that `npm run bench:guard` compares with, and the commits that say that they cost more. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { admittedCosts, commitBefore } from '../../bench/commits.js'

const AUTHOR = ['-c', 'user.name=Ada', '-c', 'user.email=ada@mail.example', '-c', 'commit.gpgSign=false']

function repositoryOf(t: Test) {
  const folder = t.testdir({})
  const git = (...args: readonly string[]) =>
    execFileSync('git', [...AUTHOR, ...args], { cwd: folder, encoding: 'utf8', stdio: 'pipe' }).trim()
  git('init', '--quiet', '--initial-branch=main')
  const commit = (...paragraphs: readonly string[]) => {
    git('commit', '--quiet', '--allow-empty', ...paragraphs.flatMap((text) => ['-m', text]))
    return git('rev-parse', 'HEAD')
  }
  return { folder, git, commit }
}

t.test('without origin/main, the last commit is compared with the one before it', async (t) => {
  const { folder, commit } = repositoryOf(t)
  const first = commit('first')
  commit('second')
  t.equal(commitBefore(folder), first)
})

t.test('what is not committed is compared with the last commit', async (t) => {
  const { folder, commit } = repositoryOf(t)
  commit('first')
  const second = commit('second')
  writeFileSync(join(folder, 'new'), '')
  t.equal(commitBefore(folder), second)
})

t.test('all commits since origin/main count as one change', async (t) => {
  const { folder, git, commit } = repositoryOf(t)
  const first = commit('first')
  git('update-ref', 'refs/remotes/origin/main', first)
  commit('second')
  commit('third')
  t.equal(commitBefore(folder), first)
})

t.test('on origin/main, the last commit is compared with the one before it', async (t) => {
  const { folder, git, commit } = repositoryOf(t)
  const first = commit('first')
  git('update-ref', 'refs/remotes/origin/main', commit('second'))
  t.equal(commitBefore(folder), first)
})

t.test('another commit can be given', async (t) => {
  const { folder, git, commit } = repositoryOf(t)
  const first = commit('first')
  commit('second')
  commit('third')
  t.equal(commitBefore(folder, first.slice(0, 12)), first)
  t.equal(commitBefore(folder, git('rev-parse', 'HEAD')), git('rev-parse', 'HEAD'))
})

t.test('a commit that the clone does not have is none', async (t) => {
  const { folder, commit } = repositoryOf(t)
  commit('first')
  t.equal(commitBefore(folder), undefined, 'before the first one')
  t.equal(commitBefore(folder, '0'.repeat(40)), undefined, 'as before the first push of a branch')
})

t.test('commits since then say at the end of their messages that they cost more', async (t) => {
  const { folder, commit } = repositoryOf(t)
  commit('first', 'Speed: before the changes')
  const before = commit('second')
  commit('third', 'Speed: is a word in a paragraph here,\nand no trailer.', 'The end.')
  t.strictSame(admittedCosts(folder, before), [])
  commit('fourth', 'Why.', 'Speed: every answer is signed\nReviewed-by: Grace')
  t.strictSame(admittedCosts(folder, before), ['every answer is signed'])
})
