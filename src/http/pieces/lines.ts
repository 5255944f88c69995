import { LINE_FEED } from '../../json/character-codes.js'
import { type Piece, Splitter } from './splitter.js'

/** Lines, without their line feeds. Blank lines are passed over. */
export class Lines extends Splitter {
  override *split(chunk: Buffer): Generator<Piece> {
    let start = 0
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      if (this.isBlank(chunk, start, end)) this.passOver(end + 1 - start)
      else yield { number: this.number, bytes: this.complete(chunk.subarray(start, end)) }
      this.number++
      start = end + 1
    }
    this.keep(chunk.subarray(start))
  }

  override *end(): Generator<Piece> {
    if (this.hasPartial) yield { number: this.number, bytes: this.complete() }
  }
}
