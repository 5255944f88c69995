import { LINE_FEED, QUOTE } from '../../json/character-codes.js'
import { JsonError } from '../../json/reader.js'
import { isBlank } from './lines.js'
import { type Piece, Splitter } from './splitter.js'

/** Records of CSV (RFC 4180), without the end of their line. A record goes on over lines that end within quotes. */
export class CsvRecords extends Splitter {
  #isQuoted = false
  /** The number of the line that is being read. */
  #line = 1;

  override *split(chunk: Buffer): Generator<Piece> {
    let start = 0
    let quote = chunk.indexOf(QUOTE)
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, end + 1)) {
      for (; quote !== -1 && quote < end; quote = chunk.indexOf(QUOTE, quote + 1)) {
        this.#isQuoted = !this.#isQuoted
      }
      this.#line++
      if (this.#isQuoted) continue
      if (!this.hasPartial && isBlank(chunk, start, end)) this.passOver(end + 1 - start)
      else yield { number: this.number, bytes: this.complete(chunk.subarray(start, end)) }
      this.number = this.#line
      start = end + 1
    }
    for (; quote !== -1; quote = chunk.indexOf(QUOTE, quote + 1)) this.#isQuoted = !this.#isQuoted
    this.keep(chunk.subarray(start))
  }

  override *end(): Generator<Piece> {
    if (this.#isQuoted) throw new JsonError('has a quote that is not closed', '')
    if (this.hasPartial) yield { number: this.number, bytes: this.complete() }
  }
}
