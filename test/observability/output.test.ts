import { execFileSync } from 'node:child_process'
import { constants, openSync, readFileSync, readSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Output } from '../../src/observability/output.js'
import { within } from '../helpers/within.js'

// The descriptors stay open: an output writes for as long as its process lives.
t.test('lines are written in batches, in their order', async (t) => {
  const file = join(t.testdir(), 'log')
  const fd = openSync(file, 'w')
  const output = new Output(fd)
  const written = () => readFileSync(file, 'utf8')
  output.write('one\n')
  t.equal(written(), '')
  t.ok(await within(2000, () => written() === 'one\n'), 'after a short time')
  output.write(`${'x'.repeat(10_000)}\n`)
  t.equal(written().length, 10_005, 'at once, if there is much')
  output.write('é\n')
  output.flushSync()
  t.ok(written().endsWith('x\né\n'), 'when asked to')
})

t.test('a full disk neither throws nor blocks', async () => {
  const fd = openSync('/dev/full', 'w')
  const output = new Output(fd)
  for (let count = 0; count < 1000; count++) output.write(`${'x'.repeat(1000)}\n`)
  output.flushSync()
})

t.test('lines that cannot be written are kept within bounds, then dropped and counted', async (t) => {
  const pipe = join(t.testdir(), 'pipe')
  execFileSync('mkfifo', [pipe])
  const fd = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK)
  const output = new Output(fd)
  const line = (number: number) => `{"number":${number},"text":"${'é'.repeat(500)}"}\n`
  for (let number = 0; number < 1000; number++) output.write(line(number))
  const chunks: Buffer[] = []
  const readAll = () => {
    const chunk = Buffer.alloc(100_000)
    try {
      for (;;) chunks.push(Buffer.from(chunk.subarray(0, readSync(fd, chunk))))
    } catch {
      // The pipe is empty.
    }
  }
  const lines = () => Buffer.concat(chunks).toString().split('\n').slice(0, -1)
  t.ok(
    await within(5000, () => {
      readAll()
      return lines().at(-1)?.includes('dropped') === true
    }),
  )
  const kept = lines().slice(0, -1)
  t.same(
    kept,
    kept.map((_, number) => line(number).trimEnd()),
    'the first lines are whole and in order',
  )
  t.ok(kept.length > 200 && kept.length < 700, `${kept.length} lines`)
  t.match(JSON.parse(lines().at(-1) ?? ''), { level: 50, dropped: 1000 - kept.length })
})
