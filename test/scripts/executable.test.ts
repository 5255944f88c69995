/** Tests that need a missing program are skipped loudly; in CI that is a failure. */
import t from 'tap'
import { needsProgram } from '../helpers/executable.js'

const setCi = (value: string | undefined) => {
  if (value === undefined) delete process.env['CI']
  else process.env['CI'] = value
}

t.test('a program that is there is found', async (t) => {
  t.match(needsProgram('a shell', 'dash', 'no-such-shell', 'sh'), { path: /\/sh$/, options: { skip: false } })
})

t.test('without it, tests are skipped loudly, and fail in CI', async (t) => {
  const { CI } = process.env
  t.teardown(() => {
    setCi(CI)
  })
  const writes = t.capture(process.stderr, 'write')
  setCi(undefined)
  const { options } = needsProgram('Foo', 'foo-server', 'no-such-program')
  t.equal(options.skip, 'There is no Foo in the PATH (Debian: apt-get install foo-server)')
  t.match(
    String(writes()[0]?.args[0]),
    /\*\*\* There is no Foo.*\n\*\*\* The tests that need it are skipped\./,
  )
  setCi('true')
  t.throws(() => needsProgram('Foo', 'foo-server', 'no-such-program'), { message: /There is no Foo/ })
})
