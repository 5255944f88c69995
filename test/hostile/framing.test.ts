/** Bytes that are no HTTP, or could be read in two ways. */
import fc from 'fast-check'
import t from 'tap'
import { startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { nobody } from './callers.js'
import { ambiguous, attacks } from './framing.js'
import { faultIn } from './invariants.js'
import { probes } from './probes.js'
import { attack } from './raw-client.js'
import { allRequests } from './requests.js'
import { startSubject } from './subject.js'
import { CLIENTS, inParallel, seed, SOAK, survive } from './survival.js'
import { succeed } from './upstream.js'
import { scaled } from '../helpers/machine-speed.js'

const ATTACKS = SOAK ? 3000 : 500

const dynamodb = await startFakeDynamoDB(t, succeed)
const subject = await startSubject(t, { AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint })

t.test('a request that can be read in two ways is refused, and its connection closed', async (t) => {
  for (const [name, text] of Object.entries(ambiguous)) {
    const outcome = await attack(subject.port, Buffer.from(text, 'latin1'), { quietMs: scaled(2000) })
    const { answers, rest, closed } = outcome
    const [answer] = answers
    const fault = answer && faultIn(answer, 'POST', true)
    const refused = answer !== undefined && answer.status >= 400 && fault === undefined
    t.same(
      { answers: answers.length, refused, rest: rest.toString('latin1'), closed },
      { answers: 1, refused: true, rest: '', closed: true },
      `${name}: ${answer?.status ?? 'no answer'} ${fault ?? ''}`,
    )
  }
})

t.test(
  `${ATTACKS} connections with damaged requests and the seed ${seed}`,
  { timeout: scaled(600_000) },
  async (t) => {
    // Where a damaged request ends is open; whether an answer to HEAD has a body is, then, too.
    const requests = (await allRequests(nobody)).filter(({ method }) => method !== 'HEAD')
    const all = fc.sample(attacks(requests), { seed, numRuns: ATTACKS })
    await survive(t, subject, await probes(), async (failures) => {
      await inParallel(Array.from({ length: CLIENTS }), all, async (_worker, { bytes, halfClose }, index) => {
        try {
          const { answers } = await attack(subject.port, bytes, { quietMs: 500, halfClose })
          for (const answer of answers) {
            const fault = faultIn(answer, '')
            if (fault !== undefined) throw new Error(`${fault}: ${answer.body.toString('utf8', 0, 500)}`)
          }
        } catch (error) {
          failures.add(`attack ${index} of the seed ${seed}`, error, bytes)
        }
      })
    })
  },
)
