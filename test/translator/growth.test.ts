/** The time for a translation grows with the length of its input only, also where the module gives up. */
import t from 'tap'
import { document, type Representation, typed } from '../../src/items/representation.js'
import { readItemPage } from '../../src/items/item-page.js'
import { readPage } from '../../src/items/lines.js'
import { readBody } from '../../src/items/request-body.js'
import { atOnce } from '../../src/json/in-slices.js'
import { Pieces } from '../../src/json/pieces.js'
import { JsonReader } from '../../src/json/reader.js'
import { JsonWriter } from '../../src/json/writer.js'
import { growth, TOO_MUCH } from '../helpers/growth.js'
import { bodies } from '../helpers/request-bodies.js'

/** A sixteenth of 4 MiB, which is four times as long as the module's window. */
const SHORT = 256 * 1024
const PADDING = 'x'.repeat(150)

const listOf = (item: string, bytes: number) => `[${`${item},`.repeat(bytes / item.length)}${item}]`

const work: Readonly<Record<string, (bytes: number) => unknown>> = {
  'many names in a document': (bytes) => {
    decode(document, `{${namesOf(bytes, () => '1')}}`)
  },
  'many names in an item of DynamoDB’s': (bytes) => {
    decode(typed, `{${namesOf(bytes, () => '{"S":"a"}')}}`)
  },
  'maps in maps': (bytes) => {
    const nested = '{"$map":{"a":'.repeat(30) + '1' + '}}'.repeat(30)
    decode(document, `{"a":${listOf(nested, bytes / 8)}}`)
  },
  // The module gives up on the last name, which has an escape.
  'a body of documents that the module gives up on': (bytes) => {
    const puts = listOf(`{"putRequest":{"item":{"a":"${PADDING}","\\u0062":1}}}`, bytes)
    read(`{"requestItems":{"Table":${puts}}}`, document)
  },
  'a body of items that the module gives up on': (bytes) => {
    const puts = listOf(`{"putRequest":{"item":{"a":{"S":"${PADDING}"},"\\u0062":{"S":"a"}}}}`, bytes)
    read(`{"requestItems":{"Table":${puts}}}`, typed)
  },
  // The module does not take white space in a set.
  'a page of items that the module gives up on': (bytes) => {
    const items = listOf(`{"a":{"S":"${PADDING}"},"b":{"SS":["a", "b"]}}`, bytes)
    readPage(Buffer.from(`{"Items":${items}}`), document)
  },
  'a page of items without some of their attributes': (bytes) => {
    const items = listOf(`{"a":{"S":"${PADDING}"},"b":{"L":[{"S":"a"}]},"c":{"S":"a"}}`, bytes)
    const answer = new Pieces([Buffer.from(`{"Items":${items}}`)])
    readItemPage(answer, { representation: document, limit: Infinity, leaveOut: ['c'] })
  },
}

/** So few that the module takes the long input, too: JavaScript would take several times as long for it. */
function namesOf(bytes: number, value: () => string): string {
  return Array.from({ length: bytes / 320 }, (_, i) => `"name${i}":${value()}`).join(',')
}

function decode(representation: Representation, json: string): void {
  representation.decode(new JsonReader(Buffer.from(json), { wellFormed: true }), new JsonWriter())
}

function read(body: string, representation: Representation): void {
  const limits = { maxEntries: Infinity, hold: () => undefined }
  atOnce(readBody(Buffer.from(body), bodies.batchWrite, representation, limits))
}

for (const [name, does] of Object.entries(work)) {
  t.test(`takes time in proportion to the length: ${name}`, async (t) => {
    t.ok((await growth(does, SHORT)) < TOO_MUCH)
  })
}
