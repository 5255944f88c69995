/** The command line, and the list of settings that --help prints. */
import t from 'tap'
import { type Command, readCommandLine } from '../src/command-line.js'
import { SETTINGS } from '../src/config/settings.js'
import { version } from '../src/package-root.js'
import { SERVER, spawnSource } from './helpers/process.js'

const printed = (command: Command) => (command.name === 'print' ? command.text : '')

t.test('without arguments, the service serves; --dev also starts DynamoDB Local', async (t) => {
  t.same(readCommandLine([]), { name: 'serve' })
  t.same(readCommandLine(['--dev']), { name: 'dev' })
})

t.test('--version prints the version, and --help wins over the other options', async (t) => {
  t.equal(printed(readCommandLine(['--version'])), `${version}\n`)
  t.equal(printed(readCommandLine(['-v'])), `${version}\n`)
  for (const args of [['--help'], ['-h'], ['--dev', '--help'], ['--version', '-h'], ['key', '--help']])
    t.match(printed(readCommandLine(args)), /^Usage: dynamodb-storage-service \[--dev\]/, args.join(' '))
})

t.test('--help lists every setting with its default, and marks the secrets', async (t) => {
  const help = printed(readCommandLine(['--help']))
  for (const [name, setting] of Object.entries(SETTINGS)) {
    const note = 'default' in setting ? `default: ${setting.default}` : 'not set by default'
    t.match(help, `\n  ${name} (${note}${'secret' in setting ? '; secret' : ''})\n      `)
  }
  t.notMatch(help, '`')
  t.ok(Math.max(...help.split('\n').map((line) => line.length)) <= 100)
})

t.test('key takes the arguments after it as they are', async (t) => {
  t.same(readCommandLine(['key', 'checkout']), { name: 'key', args: ['checkout'] })
  t.same(readCommandLine(['key', '--dev']), { name: 'key', args: ['--dev'] })
  t.same(readCommandLine(['key']), { name: 'key', args: [] })
})

t.test('an unknown option or command is an error that names it', async (t) => {
  const wrong: [args: string[], message: RegExp][] = [
    [['--verbose'], /^Unknown option '--verbose'\. --help lists the options and settings\.$/],
    [['--port', '8080'], /^Unknown option '--port'\. Settings are environment variables: set PORT instead\./],
    [
      ['--table-admin=true'],
      /'--table-admin'\. Settings are environment variables: set TABLE_ADMIN instead\./,
    ],
    [['--dev=1'], /^Option '--dev' does not take an argument\. --help/],
    [['-x'], /^Unknown option '-x'\./],
    [['serve'], /^Unknown command "serve"\./],
    [['--dev', ''], /^Unknown command ""\./],
  ]
  for (const [args, message] of wrong) t.throws(() => readCommandLine(args), { name: 'UsageError', message })
})

t.test('an unknown option ends the process with exit code 2, and --help with 0', async (t) => {
  const run = async (...args: readonly string[]) => {
    const server = spawnSource([SERVER, ...args])
    let output = ''
    server.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
    server.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    const exitCode = await new Promise((resolve) => server.once('close', resolve))
    return { exitCode, output }
  }
  const [unknown, help, printed] = await Promise.all([run('--verbose'), run('--help'), run('--version')])
  t.match(unknown, { exitCode: 2, output: /^dynamodb-storage-service: Unknown option '--verbose'/m })
  t.match(help, { exitCode: 0, output: /^ {2}AWS_REGION \(not set by default\)$/m })
  t.same(printed, { exitCode: 0, output: `${version}\n` })
})
