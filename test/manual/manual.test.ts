/**
 * The manual works as printed: every shell block of every page runs, in the order of its page, and prints what the page
 * shows. CONTRIBUTING.md ("The manual") says how blocks are marked. `UPDATE_DOCS=1 npm test -- --disable-coverage
 * test/manual/manual.test.ts` writes the outputs into the pages.
 */
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createDemoTables } from '../../src/local/demo-tables.js'
import { freePort } from '../../src/local/free-port.js'
import { packageRoot } from '../../src/package-root.js'
import { Storage } from '../../src/storage/client.js'
import { interrupt, startDev } from '../helpers/dev.js'
import { findExecutable } from '../helpers/executable.js'
import { connectionTo, needsDynamoDB, testConfig } from '../helpers/service.js'
import { ALREADY_DONE, NEEDS, NOT_RUN, REASONS, RUN_ELSEWHERE } from './not-run.js'
import { isAsShown } from './output.js'
import { codeBlocks, pages, readPage, type ShellBlock, shellBlocks } from './pages.js'
import { Ports } from './ports.js'
import { startShell } from './shell-session.js'

type Dev = Awaited<ReturnType<typeof startDev>>

/** Settings, if any, and the command: the test starts the service and waits until it is ready. */
const START = /^((?:[A-Z_]+=\S+ +)*)(?:npm ci && )?npm run dev(?: +#.*)?$/

const withSettings = (block: ShellBlock) =>
  block.script.split('\n').some((line) => (START.exec(line)?.[1] ?? '') !== '')

const withBlocks = pages()
  .map((page) => ({ page, blocks: shellBlocks(readPage(page)) }))
  .filter(({ blocks }) => blocks.length > 0)

t.test('the manual', { ...needsDynamoDB, timeout: 600_000 }, async (t) => {
  const adminPort = String(await freePort())
  const shared = await startDev(t, { ADMIN_PORT: adminPort })
  for (const { page, blocks } of withBlocks) {
    if (page in RUN_ELSEWHERE) continue
    await t.test(page, { timeout: 120_000, skip: missingProgram(page) }, async (t) => {
      await resetTables(shared)
      await runPage(t, page, blocks, { ...shared, adminPort })
    })
  }
})

t.test('every block that is not run says why, and is counted', async (t) => {
  const counted: Record<string, Record<string, number>> = {}
  for (const { page, blocks } of withBlocks) {
    for (const { script, notRun } of blocks) {
      if (notRun === undefined) continue
      const programs = Object.entries(REASONS).find(([reason]) => reason === notRun)?.[1]
      t.match(script, programs ?? 'one of the reasons in not-run.ts', `${page}: ${notRun}`)
      const reasons = (counted[page] ??= {})
      reasons[notRun] = (reasons[notRun] ?? 0) + 1
    }
  }
  t.strictSame(counted, NOT_RUN)
  for (const [page, file] of Object.entries(RUN_ELSEWHERE)) {
    t.match(readFileSync(join(packageRoot, file), 'utf8'), page)
  }
})

t.test('commands are in blocks that are run', async (t) => {
  for (const page of pages()) {
    const others = codeBlocks(readPage(page)).filter(({ lang }) => lang !== 'sh')
    const commands = others.filter(
      ({ lang, text }) =>
        /^(?:bash|shell|console|zsh)/.test(lang) || /^(?:\$|curl|npm|npx|docker|kubectl|aws) /m.test(text),
    )
    t.strictSame(commands, [], page)
  }
})

/** Runs the blocks of a page in one shell, in a folder of its own. */
async function runPage(
  t: Test,
  page: string,
  blocks: readonly ShellBlock[],
  shared: Dev & { adminPort: string },
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'manual-'))
  const cwd = join(folder, 'page')
  mkdirSync(cwd)
  if (blocks.some(needsCheckout)) copyCheckout(cwd)
  const ports = new Ports()
  ports.set('3000', new URL(shared.url).port)
  ports.set('3001', shared.adminPort)
  let own: Dev | undefined
  const shell = startShell(t, cwd, folder, process.env)
  t.teardown(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  for (const { script, output, notRun } of blocks) {
    if (notRun !== undefined) continue
    const commands: string[] = []
    for (const line of (await ports.here(script)).split('\n')) {
      if (ALREADY_DONE.some((done) => done.test(line))) continue
      const settings = START.exec(line)?.[1]
      if (settings === undefined) commands.push(line)
      else if (settings !== '') {
        if (own !== undefined) await interrupt(own.dev)
        const adminPort = String(await freePort())
        ports.set('3001', adminPort)
        own = await startDev(t, { ADMIN_PORT: adminPort, ...settingsOf(settings) }, cwd)
        ports.set('3000', new URL(own.url).port)
      }
    }
    if (commands.join('').trim() === '') continue
    const printed = ports.onPage(await shell.run(commands.join('\n'))).trimEnd()
    const [command = ''] = script.split('\n')
    if (output === undefined || isAsShown(output, printed)) t.pass(command)
    else if (process.env['UPDATE_DOCS'] === '1') showOutput(page, script, output, printed)
    else t.equal(printed, output, command)
  }
}

/** Writes what the commands have printed into the page, with `…` for what always differs. */
function showOutput(page: string, script: string, output: string, printed: string): void {
  const steady = printed
    .replace(/("(?:type|requestId|dynamodbRequestId)":)"[^"]*"/g, '$1"…"')
    .replace(/^(Date: ).*$/gm, '$1…')
  const text = readPage(page)
  const at = text.indexOf(output, text.indexOf(script) + script.length)
  writeFileSync(join(packageRoot, page), text.slice(0, at) + steady + text.slice(at + output.length))
}

/** Why the page is skipped, if it needs a program that is not installed; in CI that is a failure. */
function missingProgram(page: string): string | false {
  const { program, install } = NEEDS[page] ?? {}
  if (program === undefined || findExecutable(program) !== undefined) return false
  const missing = `There is no ${program} in the PATH (Debian: apt-get install ${install})`
  if (process.env['CI'] === 'true') throw new Error(missing)
  process.stderr.write(`\n*** ${missing}\n*** ${page} is not tested.\n\n`)
  return missing
}

const needsCheckout = (block: ShellBlock) =>
  withSettings(block) || /\b(?:npm|npx)\b|\b(?:examples|deploy|scripts|dist|src)\//.test(block.script)

/** Neither large nor a part of the checkout. `node_modules` is linked. */
const LEFT_OUT = ['node_modules', '.git', 'dist', '.tap', '.env']

function copyCheckout(to: string): void {
  for (const name of readdirSync(packageRoot)) {
    if (!LEFT_OUT.includes(name)) cpSync(join(packageRoot, name), join(to, name), { recursive: true })
  }
  symlinkSync(join(packageRoot, 'node_modules'), join(to, 'node_modules'))
}

/** `A=1 B=2` as an object. */
function settingsOf(text: string): Record<string, string> {
  const settings = text
    .trim()
    .split(/ +/)
    .map((setting) => setting.split('='))
  return Object.fromEntries(settings.map(([name = '', ...value]) => [name, value.join('=')]))
}

/** The demo tables as `npm run dev` creates them, and no other tables. */
async function resetTables({ url, database }: Dev): Promise<void> {
  const { tableNames } = (await (await fetch(`${url}/v1/tables`)).json()) as { tableNames: string[] }
  for (const table of tableNames) await fetch(`${url}/v1/tables/${table}`, { method: 'DELETE' })
  const storage = new Storage(await connectionTo(database), testConfig())
  await createDemoTables(storage)
  await storage.close()
}
