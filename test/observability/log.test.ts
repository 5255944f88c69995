import { dirname, join } from 'node:path'
import t from 'tap'
import { SERVER, spawnSource } from '../helpers/process.js'
import { createLogger } from '../../src/observability/log.js'
import { EMPTY_OBJECT } from '../../src/json/json.js'
import { BatchIncompleteError, NO_CALL, StorageError } from '../../src/storage/errors.js'
import { scaled } from '../helpers/machine-speed.js'

/** A log that collects its lines as text. */
function startLog(level = 'info') {
  const lines: string[] = []
  return { log: createLogger(level, { write: (line) => void lines.push(line) }), lines }
}

t.test('a line is one JSON object', async (t) => {
  const { log, lines } = startLog()
  log.info({ table: 'Orders' }, 'two\nlines')
  t.equal(lines.length, 1)
  t.match(JSON.parse(lines.join('')), { level: 30, table: 'Orders', msg: 'two\nlines' })
})

t.test('lines below the level are not logged', async (t) => {
  const { log, lines } = startLog('warn')
  log.info('no')
  log.warn('yes')
  t.match(lines, [/"msg":"yes"/])
  t.equal(lines.length, 1)
})

t.test('the default destination is standard output', async (t) => {
  t.equal(createLogger('silent').level, 'silent')
})

t.test('an error is logged with its type, its message, its stack and its causes', async (t) => {
  const { log, lines } = startLog()
  const root = new TypeError('the socket is gone')
  const cause = new StorageError(
    { kind: 'network', name: 'NetworkError', message: 'no connection', maybeApplied: true, cause: root },
    NO_CALL,
  )
  const entry = { table: 'T', json: EMPTY_OBJECT }
  const outcome = { unprocessed: [entry, entry], maybeApplied: [entry], error: cause }
  log.error({ err: new BatchIncompleteError(outcome, EMPTY_OBJECT) }, 'failed')
  t.strictSame((JSON.parse(lines.join('')) as { err: unknown }).err, {
    type: 'BatchIncompleteError',
    message: '2 entries of the batch are not confirmed',
    stack: (JSON.parse(lines.join('')) as { err: { stack: string } }).err.stack,
    cause: {
      type: 'NetworkError',
      message: 'no connection',
      stack: cause.stack,
      cause: { type: 'TypeError', message: 'the socket is gone', stack: root.stack },
    },
  })
  t.match(lines.join(''), /"stack":"[^"]*log\.test\.ts/)
})

t.test('callers’ data in an error is not logged', async (t) => {
  const { log, lines } = startLog()
  const body = Buffer.from('{"Item":{"name":{"S":"private"}}}')
  const error = new StorageError(
    {
      kind: 'refused',
      name: 'ConditionalCheckFailedException',
      message: 'The conditional request failed',
      maybeApplied: false,
      body,
    },
    NO_CALL,
  )
  const entry = { table: 'T', json: Buffer.from('{"private":1}') }
  const outcome = { unprocessed: [entry], maybeApplied: [], error }
  const batch = new BatchIncompleteError(outcome, Buffer.from('{"UnprocessedItems":{"private":[]}}'))
  log.error(error)
  log.error(batch, 'failed')
  log.warn({ err: new Error('outer', { cause: batch }) })
  log.child({ requestId: 'r1' }).error({ err: batch })
  t.equal(lines.length, 4)
  for (const line of lines) {
    t.match(line, 'ConditionalCheckFailedException')
    t.notMatch(line, 'private')
    t.notMatch(line, /"(?:body|output)"/)
  }
})

t.test('a value that is not an Error is not logged as `err`', async (t) => {
  const { log, lines } = startLog()
  log.error({ err: { body: 'private' } }, 'odd')
  log.error({ err: new Error('caused by a text', { cause: 'private' }) })
  t.match(lines, [/"msg":"odd"/, /"message":"caused by a text"/])
  t.notMatch(lines.join(''), /private|"cause"/)
})

t.test(
  'the route is logged as a template, the table only if it is the name of one, and no URL',
  async (t) => {
    const { log, lines } = startLog()
    const url = '/v1/tables/Orders/items/private?private'
    log.info({ route: '/v1/tables/:table/items/:partitionKey', table: 'Orders', url }, 'one')
    log.info({ route: undefined, table: 'Orders "private"', url }, 'two')
    t.match(JSON.parse(lines[0] ?? ''), { route: '/v1/tables/{table}/items/{partitionKey}', table: 'Orders' })
    t.notMatch(lines.join(''), /private|"url"/)
    t.notMatch(lines[1], /route|table/)
  },
)

t.test('an error without a text does not bring its own', async (t) => {
  const { log, lines } = startLog()
  log.error(new SyntaxError('private'))
  log.error({ err: new SyntaxError('private') })
  log.error(new TypeError('a bug'), 'failed')
  t.match(lines, [/"msg":"error"/, /"msg":"error"/, /"message":"a bug".*"msg":"failed"/])
  t.notMatch(lines.join(''), 'private')
})

t.test('circular causes are logged', async (t) => {
  const { log, lines } = startLog()
  const first = new Error('first')
  const second = new Error('second', { cause: first })
  first.cause = second
  log.error({ err: second })
  t.match(lines.join(''), /second.*first/)
})

/** Starts a process that logs to `log` by these statements. Its output is not read yet. */
function logTo(statements: string) {
  const program = `
    import { createLogger } from ${JSON.stringify(join(dirname(SERVER), 'observability/log.js'))}
    const log = createLogger('info')
    ${statements}`
  return spawnSource(['--input-type=module', '--eval', program])
}

async function outputOf({ stdout }: ReturnType<typeof logTo>): Promise<string[]> {
  let output = ''
  for await (const chunk of stdout) output += String(chunk)
  return output.trim().split('\n')
}

t.test('lines that are logged shortly before the process ends are written', async (t) => {
  const logThree = (end: string) =>
    outputOf(logTo(`for (let n = 0; n < 3; n++) log.info({ n }, 'line')\n${end}`))
  t.equal((await logThree('process.exit()')).length, 3)
  t.equal((await logThree("log.fatal('no more'); process.kill(process.pid, 'SIGKILL')")).length, 4)
  t.equal(
    (await logThree(`setTimeout(() => process.kill(process.pid, "SIGKILL"), ${scaled(500)})`)).length,
    3,
  )
})
