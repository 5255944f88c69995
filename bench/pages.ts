/**
 * What page tokens and collections cost: a query whose page has no token, beside one that is that starts at a page token and
 * answered with the next one, and the same items as a collection, in alternating turns on one process.
 */
import { request } from 'undici'
import { caseNamed, PAGES } from './cases.js'
import type { Plan } from './compare.js'
import { document } from './items.js'
import type { HttpTarget } from './load-http.js'
import type { Process } from './process.js'
import { toGateway } from './subjects.js'
import { cpuRatios, type Targets } from './turns.js'

const NAMES = ['a query that starts at a page token', 'a collection']
/** The most that each may cost, as a multiple of the query. */
const MOST = 1.1

/** Prints the CPU time of each, divided by that of `query 100`. */
export async function comparePages(
  upstream: Process,
  generator: Process,
  plan: Plan,
  say: (line: string) => void,
): Promise<void> {
  const settings = { PAGE_TOKEN_SECRET: 'the-secret-of-the-benchmark' }
  const ratios = await cpuRatios(upstream, generator, targetsOf, plan, say, settings)
  say(`\n${'CPU, divided by that of query 100'.padEnd(40)}${'median'.padStart(8)}`)
  for (const [index, ratio] of ratios.entries()) {
    const name = NAMES[index] ?? ''
    say(`${name.padEnd(40)}${ratio.toFixed(3).padStart(8)}${ratio > MOST ? `   more than ${MOST}` : ''}`)
  }
}

/** @throws Error if an answer is not that of a page with more behind it */
async function targetsOf(port: number): Promise<Targets> {
  const query = caseNamed('query 100')
  const base = `/v1/tables/${PAGES}`
  const collection: HttpTarget = {
    port,
    method: 'GET',
    path: `${base}/items/ada.lovelace@mail.example`,
    headers: {},
    body: '',
  }
  const page = { ...query, path: `${base}/query` }
  const first = toGateway(port, page, document)
  const { body } = await request(`http://127.0.0.1:${port}${first.path}`, {
    method: 'POST',
    headers: first.headers,
    body: first.body,
  })
  const { nextPageToken } = (await body.json()) as { nextPageToken?: string }
  if (nextPageToken === undefined) throw new Error('the page has no token')
  const next = toGateway(
    port,
    { ...page, body: (represent) => ({ ...query.body(represent), pageToken: nextPageToken }) },
    document,
  )
  const { statusCode, headers } = await request(`http://127.0.0.1:${port}${collection.path}`)
  if (statusCode !== 200 || headers['link'] === undefined) throw new Error('the collection has no next page')
  return [toGateway(port, query, document), next, collection]
}
