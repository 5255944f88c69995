/** Many inputs, one after the other, until the module differs from the reference. */
import type { Translator } from '../../src/translator/translator.js'
import { compare } from './comparison.js'
import { type Input, inputOf, type Operation } from './input.js'
import type { Translation } from './reference.js'

export interface Tally {
  inputs: number
  taken: number
}

export interface Difference {
  /** Makes the input, before it is minimized. */
  readonly seed: number
  readonly input: Input
  readonly reference: string
  readonly module: string
}

/** How much is tried to make an input smaller. */
const MAX_TRIES = 5000

export class Campaign {
  /** What became of the inputs of each operation. */
  readonly tallies = new Map<Operation, Tally>()
  readonly #translator: Translator
  readonly #reference: Translation

  constructor(translator: Translator, reference: Translation) {
    this.#translator = translator
    this.#reference = reference
  }

  /** Tries the input of a seed. Returns the smallest one that differs, too, if it does. */
  try(seed: number): Difference | undefined {
    const input = inputOf(seed)
    const tally = this.tallies.get(input.operation) ?? { inputs: 0, taken: 0 }
    this.tallies.set(input.operation, tally)
    const { isTaken, difference } = compare(input, this.#translator, this.#reference)
    tally.inputs++
    if (isTaken) tally.taken++
    if (difference === undefined) return undefined
    const smallest = this.#minimize(input)
    const [reference, module] = this.#differenceOf(smallest) ?? difference
    return { seed, input: smallest, reference, module }
  }

  #differenceOf(input: Input): readonly [string, string] | undefined {
    return compare(input, this.#translator, this.#reference).difference
  }

  /** Leaves out parts, long ones first, as long as the rest differs. */
  #minimize(input: Input): Input {
    let smallest = input
    let tries = 0
    for (const part of ['behind', 'before', 'json'] as const) {
      for (let size = smallest[part].length; size > 0; size = Math.floor(size / 2)) {
        for (let at = 0; at < smallest[part].length && tries < MAX_TRIES; tries++) {
          const bytes = smallest[part]
          const rest = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + size)])
          const smaller = { ...smallest, [part]: rest }
          if (this.#differenceOf(smaller) === undefined) at += size
          else smallest = smaller
        }
      }
    }
    return smallest
  }
}

/** A difference as a text, with bytes written as characters of as many bits. */
export function describe({ seed, input, reference, module }: Difference): string {
  const parts = Object.entries(input).map(([name, value]: [string, unknown]) => {
    const text = Buffer.isBuffer(value) ? value.toString('latin1') : value
    return `${name}: ${JSON.stringify(text)}`
  })
  return `seed: ${seed}\n${parts.join('\n')}\n\nreference:\n${reference}\n\nmodule:\n${module}\n`
}
