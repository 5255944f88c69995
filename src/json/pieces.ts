import { translator } from '../translator/translator.js'
import type { Json } from './json.js'

/**
 * JSON as it arrived. To join its pieces costs as much as to translate them, mostly for the memory, so that is done only for
 * those who keep it.
 */
export class Pieces {
  readonly pieces: readonly Buffer[]
  readonly length: number
  #whole: Json | undefined

  constructor(pieces: readonly Buffer[]) {
    this.pieces = pieces
    this.length = pieces.reduce((sum, { length }) => sum + length, 0)
    if (pieces.length === 1) this.#whole = pieces[0]
  }

  /** All of it, to be kept. */
  get whole(): Json {
    this.#whole ??= Buffer.concat(this.pieces, this.length)
    return this.#whole
  }

  /** All of it, until this is called again, for any JSON: to be read at once. It may be changed. */
  forNow(): Json {
    return translator?.hold(this.pieces, this.length) ?? Buffer.concat(this.pieces, this.length)
  }
}
