/** What the service does where there is no WebAssembly with SIMD. */
import t from 'tap'
import { answer, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { sourceProcess } from '../helpers/process.js'
import { within } from '../helpers/within.js'

const PATIENCE_MS = 60_000
/** V8 needs it for SIMD on x86. Other CPUs always have SIMD. */
const NO_SIMD = '--no-enable-ssse3'
const skip = process.arch === 'x64' ? false : 'this CPU cannot be without SIMD'

t.test('without SIMD the service translates by JavaScript, and says so', { skip }, async (t) => {
  const item = {
    id: { S: 'a' },
    tags: { SS: ['x', 'y'] },
    text: { S: 'x'.repeat(200) },
    amount: { N: '1.10' },
  }
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    answer(response, { Items: [item, item], Count: 2, ScannedCount: 2 })
  })
  const scanBy = async (nodeOptions: readonly string[]) => {
    const env = {
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'id',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint,
    }
    const { listening, log } = sourceProcess(t, env, nodeOptions)
    const url = await listening()
    const response = await fetch(`${url}/v1/tables/T/scan`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    })
    await within(PATIENCE_MS, () => log().some(({ msg }) => msg === 'started'))
    const warnings = log().filter(({ msg }) => String(msg).startsWith('there is no WebAssembly with SIMD'))
    const { translation } = log().find(({ msg }) => msg === 'started') ?? {}
    return { body: await response.text(), translation, warnings: warnings.map(({ level }) => level) }
  }
  const usual = await scanBy([])
  t.match(usual, { translation: 'WebAssembly', warnings: [] })
  t.match(usual.body, /"tags":\{"\$stringSet":\["x","y"\]\}/)
  t.same(await scanBy([NO_SIMD]), { body: usual.body, translation: 'JavaScript', warnings: [40] })
})
