/** What `npm test` prints: progress by file, and the failures at the end. */
import t from 'tap'
import { Report } from '../../scripts/test/report.js'
import { TestOutput } from '../../scripts/test/test-file.js'

const FAILING = `TAP version 14
# Subtest: outer
    ok 1 - fine
    # Subtest: inner
        not ok 1 - should be equal
          ---
          at:
            fileName: test/a.test.ts
            lineNumber: 7
          source: |
            t.equal(1, 2)
          diff: |
            -2
            +1
          ...
        1..1
    not ok 2 - inner # time=3ms
    ok 3 - with Redis # SKIP There is no Redis in the PATH
    1..3
not ok 1 - outer # time=5ms
1..1
`

function filesOf(planned: number) {
  const lines: string[] = []
  const report = new Report(planned, (line) => lines.push(line))
  const add = (name: string, output: string, seconds = 0.04) => {
    const read = new TestOutput()
    read.input.end(output)
    report.add(read.result(name, seconds))
  }
  return { lines, report, add }
}

t.test('each file is a line when it ends, with the number of files', async (t) => {
  const { lines, report, add } = filesOf(3)
  add('test/a.test.ts', FAILING, 1.25)
  t.match(
    lines.join('\n'),
    /^\[1\/3\] +0:00 {2}FAILED test\/a\.test\.ts: 3 assertions, 1\.3 s\n +FAILED .*inner > should be equal$/m,
  )
  add('test/b.test.ts', 'TAP version 14\na line of the test\nok 1 - fine\n1..1\n')
  t.same(lines.slice(2), ['a line of the test', '[2/3]  0:00  ok     test/b.test.ts: 1 assertions, 0.0 s'])
  t.equal(report.progress(), '2 of 3 files after 0:00, 1 failed')
  t.notOk(report.passed)
})

t.test('the failures come last: each once, with its file, tests and diagnosis', async (t) => {
  const { report, add } = filesOf(3)
  add('test/a.test.ts', FAILING)
  add('test/b.test.ts', 'TAP version 14\nok 1 - fine\n1..2\n')
  add('test/c.test.ts', '')
  const summary = report.summary(true)
  t.equal(summary.match(/^FAILED/gm)?.length, 3)
  t.match(
    summary,
    /^FAILED test\/a\.test\.ts > outer > inner > should be equal\n +at:\n +fileName: test\/a\.test\.ts/,
  )
  t.match(summary, /^ {4}-2\n {4}\+1$/m)
  t.match(summary, /^FAILED test\/b\.test\.ts\n {4}tapError: incorrect number of tests$/m)
  t.match(summary, /^FAILED test\/c\.test\.ts\n {4}tapError: no tests$/m)
  t.match(summary, /^Skipped:\n {2}There is no Redis in the PATH$/m)
  t.match(
    summary,
    /^3 of 3 files, 4 assertions in 0:00 minutes: FAILED\..*\n.* test\/a\.test\.ts\n {4}outer > inner > should be equal\n.* test\/b\.test\.ts\n.* test\/c\.test\.ts\n$/m,
  )
})

t.test('without a failed test, the coverage decides', async (t) => {
  const { report, add } = filesOf(1)
  add('test/b.test.ts', 'TAP version 14\nok 1 - fine\n1..1\n')
  t.ok(report.passed)
  t.equal(report.summary(true), 'All tests passed: 1 files, 1 assertions in 0:00 minutes.\n')
  t.match(report.summary(false), /^FAILED: .* the coverage is too low\.$/m)
})
