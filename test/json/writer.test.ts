import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { JsonWriter } from '../../src/json/writer.js'

t.test('returns all that was written in order, whatever its length', async () => {
  const bytes = (text: string) => Buffer.from(text)
  const piece = fc.oneof(
    fc.nat({ max: 127 }).map((code) => ({
      write: (writer: JsonWriter) => {
        writer.byte(code)
      },
      expected: Buffer.of(code),
    })),
    fc.string({ unit: 'grapheme-ascii', maxLength: 100 }).map((text) => ({
      write: (writer: JsonWriter) => {
        writer.ascii(text)
      },
      expected: bytes(text),
    })),
    fc.string({ unit: 'grapheme', maxLength: 100 }).map((text) => ({
      write: (writer: JsonWriter) => {
        writer.text(text)
      },
      expected: bytes(text),
    })),
    fc
      .tuple(fc.uint8Array({ maxLength: 100 }), fc.nat({ max: 2000 }))
      .map(([some, times]) => Buffer.concat(Array<Uint8Array>(times).fill(some)))
      .map((some) => ({
        write: (writer: JsonWriter) => {
          writer.copy(Buffer.concat([bytes('a'), some, bytes('bc')]), 1, some.length + 1)
        },
        expected: some,
      })),
  )
  // Shared by all values, as in the service.
  const writer = new JsonWriter()
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      for (const { write } of pieces) write(writer)
      const expected = Buffer.concat(pieces.map(({ expected }) => expected))
      assert.equal(writer.length, expected.length)
      assert.ok(writer.take().equals(expected))
      assert.equal(writer.length, 0)
    }),
    { numRuns: 500 },
  )
})

t.test('does not change a value that was taken when more is written', async (t) => {
  const writer = new JsonWriter()
  writer.text('first')
  const taken = writer.take()
  writer.text('second')
  t.equal(taken.toString(), 'first')
  writer.clear()
  writer.copy(Buffer.alloc(5 * 1024 * 1024, 'x'))
  t.equal(writer.take().length, 5 * 1024 * 1024)
  writer.text('third')
  t.equal(writer.take().toString(), 'third')
})
