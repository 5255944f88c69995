import { createHash } from 'node:crypto'

/** A pseudorandom sequence of numbers in [0, 1), the same for the same seed. */
export function sequence(seed: string): () => number {
  let block = createHash('sha256').update(seed).digest()
  let at = 0
  return () => {
    if (at === block.length) {
      block = createHash('sha256').update(block).digest()
      at = 0
    }
    at += 4
    return block.readUInt32LE(at - 4) / 2 ** 32
  }
}
