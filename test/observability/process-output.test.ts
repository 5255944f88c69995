import t from 'tap'
import { createLogger } from '../../src/observability/log.js'
import { warnOfOldNode } from '../../src/observability/process-output.js'

function start() {
  const lines: Record<string, unknown>[] = []
  const write = (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>)
  return { logger: createLogger('info', { write }), lines }
}

t.test('a Node.js past its end of life is one warning', async (t) => {
  const { logger, lines } = start()
  warnOfOldNode(logger, 'v20.19.0')
  t.match(lines, [{ level: 40, node: 'v20.19.0', msg: /^Node\.js 20 is past its end of life .* 24 LTS/ }])
  t.equal(
    process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'],
    'true',
    'the SDK does not repeat it',
  )
})

t.test('a maintained Node.js is no warning', async (t) => {
  const { logger, lines } = start()
  for (const version of ['v22.15.0', 'v24.0.0', 'v26.1.0']) warnOfOldNode(logger, version)
  t.same(lines, [])
})
