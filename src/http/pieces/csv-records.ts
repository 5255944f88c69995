import { LINE_FEED, QUOTE } from '../../json/character-codes.js'
import { JsonError } from '../../json/reader.js'
import { type Piece, Splitter } from './splitter.js'

/** Records of CSV (RFC 4180), without the end of their line. A record goes on over lines that end within quotes. */
export class CsvRecords extends Splitter {
  #isQuoted = false
  /** The number of the line that is being read. */
  #line = 1;

  override *split(chunk: Buffer): Generator<Piece> {
    let start = 0
    // Byte by byte: where cells hold JSON, a call for each quote would take most of the time of an import.
    for (let at = 0; at < chunk.length; at++) {
      const code = chunk[at]
      if (code === QUOTE) this.#isQuoted = !this.#isQuoted
      else if (code === LINE_FEED) {
        this.#line++
        if (this.#isQuoted) continue
        if (this.isBlank(chunk, start, at)) this.passOver(at + 1 - start)
        else yield { number: this.number, bytes: this.complete(chunk.subarray(start, at)) }
        this.number = this.#line
        start = at + 1
      }
    }
    this.keep(chunk.subarray(start))
  }

  override *end(): Generator<Piece> {
    if (this.#isQuoted) throw new JsonError('has a quote that is not closed', '')
    if (this.hasPartial) yield { number: this.number, bytes: this.complete() }
  }
}
