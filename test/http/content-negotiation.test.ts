import t from 'tap'
import { essenceOf, preferredMediaType } from '../../src/http/content-negotiation.js'

const [json, csv, text] = ['application/json', 'application/csv', 'text/plain'].map((mediaType) => ({
  mediaType,
}))
const offers = [json, csv, text].filter((offer) => offer !== undefined)

const preferred = (accept: string | undefined) => preferredMediaType(accept, offers)?.mediaType

t.test('prefers the first offer where Accept leaves the choice', async (t) => {
  for (const accept of [
    undefined,
    '',
    '*/*',
    'application/*',
    'text/html, */*;q=0.1',
    'text/plain, application/csv, application/json',
    'text/*;q=0.5, application/*;q=0.5',
  ]) {
    t.equal(preferred(accept), 'application/json', accept ?? 'no header')
  }
})

t.test('prefers the offer of the highest quality, then the one that is named', async (t) => {
  const asked = [
    ['application/csv', 'application/csv'],
    [' Application/CSV ; charset=utf-8 ', 'application/csv'],
    ['application/json;q=0.8, application/csv;q=0.9', 'application/csv'],
    ['application/json;q=0.998, text/*;q=0.999', 'text/plain'],
    ['*/*, application/csv', 'application/csv'],
    ['*/*;q=0.2, application/csv;q=0.1', 'application/json'],
    ['text/*', 'text/plain'],
    ['application/csv;Q=0.5, text/plain;q=0.6', 'text/plain'],
  ] as const
  for (const [accept, mediaType] of asked) t.equal(preferred(accept), mediaType, accept)
})

t.test('the most specific range that matches an offer decides, even if it refuses it', async (t) => {
  const asked = [
    ['application/json;q=0, */*', 'application/csv'],
    ['*/*, application/*;q=0', 'text/plain'],
    ['application/*;q=0, application/csv;q=0.001', 'application/csv'],
    ['application/*;q=0.1, */*;q=0.9', 'text/plain'],
  ] as const
  for (const [accept, mediaType] of asked) t.equal(preferred(accept), mediaType, accept)
})

t.test('prefers no offer if Accept allows none', async (t) => {
  for (const accept of [
    'text/html',
    'application/jsonx',
    'image/*',
    'json',
    '*/*;q=0',
    'application/json;q=nonsense',
    'application/json;q=-1',
    ',;,',
  ]) {
    t.equal(preferred(accept), undefined, accept)
  }
  t.equal(preferredMediaType('*/*', offers.slice(3)), undefined, 'nothing is offered')
})

t.test('reads a header of a million ranges', async (t) => {
  t.equal(preferred(`${'a/b;q=1,'.repeat(1_000_000)}text/plain`), 'text/plain')
  t.equal(preferred(`text/plain${';'.repeat(1_000_000)}`), 'text/plain')
})

t.test('the essence of a media type has no parameters and is in lower case', async (t) => {
  t.equal(essenceOf('Application/JSON'), 'application/json')
  t.equal(essenceOf(' text/html ; charset="UTF-8"; x=y'), 'text/html')
  t.equal(essenceOf(''), '')
  t.equal(essenceOf(undefined), undefined)
})
