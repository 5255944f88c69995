/** What `npm test` prints: progress by file, and the failures at the end. */
import t from 'tap'
import { Report } from '../../scripts/test/report.js'

const OUTPUT = `TAP version 14
1..3
# Subtest: test/a.test.ts
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
not ok 1 - test/a.test.ts # time=1250ms

# Subtest: test/b.test.ts
    ok 1 - fine
    1..1
ok 2 - test/b.test.ts # time=40ms

# Subtest: test/c.test.ts
    ok 1 - fine
    1..1
not ok 3 - test/c.test.ts # time=40ms
  ---
  exitCode: 1
  command: node
  ...

a table of coverage
`

function read(output: string) {
  const lines: string[] = []
  const report = new Report((line) => lines.push(line))
  report.input.end(output)
  return { lines: lines.join('\n'), report }
}

t.test('each file is a line when it ends, with the number of files', async (t) => {
  const { lines } = read(OUTPUT)
  t.match(
    lines,
    /^\[1\/3\] +0:00 {2}FAILED test\/a\.test\.ts: 3 assertions, 1\.3 s\n +FAILED .*inner > should be equal$/m,
  )
  t.match(lines, /^\[2\/3\] +0:00 {2}ok {5}test\/b\.test\.ts: 1 assertions, 0\.0 s$/m)
  t.match(lines, /^a table of coverage$/m)
  t.match(
    read(OUTPUT.slice(0, OUTPUT.indexOf('# Subtest: test/c'))).report.progress(),
    /^2 of 3 files after 0:00, 1 failed/,
  )
})

t.test('the failures come last: each once, with its file, tests and diagnosis', async (t) => {
  const summary = read(OUTPUT).report.summary(1)
  t.equal(summary.match(/^FAILED/gm)?.length, 2)
  t.match(
    summary,
    /^FAILED test\/a\.test\.ts > outer > inner > should be equal\n +at:\n +fileName: test\/a\.test\.ts/,
  )
  t.match(summary, /^ {4}-2\n {4}\+1$/m)
  t.match(summary, /^FAILED test\/c\.test\.ts\n {4}exitCode: 1$/m)
  t.match(summary, /^Skipped:\n {2}There is no Redis in the PATH$/m)
  t.match(
    summary,
    /^2 of 3 files, 5 assertions in 0:00 minutes: FAILED\..*\n.* test\/a\.test\.ts\n.* test\/c\.test\.ts\n$/m,
  )
})

t.test('without a failed test, the exit code decides', async (t) => {
  const { report } = read(
    'TAP version 14\n1..1\n# Subtest: test/b.test.ts\n    ok 1\n    1..1\nok 1 - test/b.test.ts\n',
  )
  t.equal(report.summary(0), 'All tests passed: 1 files, 1 assertions in 0:00 minutes.\n')
  t.match(report.summary(1), /^FAILED with exit code 1, though no test failed: .*coverage/)
})
