/**
 * The fast path of items between their representations: in WebAssembly, built from `assembly/`. It takes what is well-formed
 * and usual, and writes the same bytes as `items/document.ts` and `items/typed.ts`. These do the rest, and alone say what is
 * wrong.
 */
import { randomBytes } from 'node:crypto'
import { moduleBytes } from './module.js'

/** JSON that is read, as a `JsonReader` has it. */
export interface Source {
  /** No two sources have the same. The bytes of a source do not change. */
  readonly id: number
  readonly bytes: Uint8Array
  /** The index of the next byte; behind what the module has read, if it has. */
  position: number
  readonly wellFormed: boolean
}

/** Where JSON is written, as to a `JsonWriter`. */
export interface Target {
  copy(from: Uint8Array, start: number, end: number): void
}

/** How the items of a list are written. */
export const ListForm = { values: 0, documents: 1, valueLines: 2, documentLines: 3 } as const
export type ListForm = (typeof ListForm)[keyof typeof ListForm]

/** What `assembly/index.ts` exports. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer }
  readonly setSeed: (low: number, high: number) => void
  readonly encode: (at: number, wellFormed: boolean) => number
  readonly decode: (at: number) => number
  readonly check: (at: number) => number
  readonly skip: (at: number, wellFormed: boolean) => number
  readonly list: (
    at: number,
    form: ListForm,
    isFirst: boolean,
    most: number,
    stop: number,
    wellFormed: boolean,
  ) => number
  readonly ANSWER: { readonly value: number }
  readonly ANSWER_BYTES: { readonly value: number }
  readonly WINDOW: { readonly value: number }
  readonly WINDOW_BYTES: { readonly value: number }
  readonly SHORT_WINDOW: { readonly value: number }
  readonly SHORT_WINDOW_BYTES: { readonly value: number }
  readonly OUTPUT: { readonly value: number }
  readonly RESULTS: { readonly value: number }
  readonly SLACK: { readonly value: number }
}

/** The types of Node.js do not have it. It is missing where the runtime must not compile code. */
declare const WebAssembly:
  | {
      readonly Module: new (bytes: Uint8Array) => object
      readonly Instance: new (module: object) => { readonly exports: object }
    }
  | undefined

/** Room for a part of a source. */
interface Window {
  readonly address: number
  readonly bytes: number
  /** Of the source whose bytes from `start` on are in it. */
  sourceId: number
  start: number
  /** From this position on, the window is to be moved on. */
  moveAt: number
}

/** Shorter JSON is read by JavaScript: to copy it into the module's memory would take longer. */
const FEW_BYTES = 128

export class Translator {
  readonly #exports: Exports
  readonly #buffer: ArrayBuffer
  readonly #bytes: Uint8Array
  readonly #results: Uint32Array
  readonly #answer: number
  readonly #answerBytes: number
  readonly #window: Window
  readonly #shortWindow: Window
  readonly #output: number
  readonly #slack: number
  /** The position of the last item that {@link list} has read. */
  lastItem = 0

  /**
   * @param wasm the bytes of a module
   * @throws Error if this machine cannot run it
   */
  constructor(wasm: Uint8Array) {
    if (WebAssembly === undefined) throw new Error('there is no WebAssembly')
    const exports = new WebAssembly.Instance(new WebAssembly.Module(wasm)).exports as Exports
    this.#exports = exports
    this.#buffer = exports.memory.buffer
    this.#bytes = new Uint8Array(this.#buffer)
    this.#results = new Uint32Array(this.#buffer, exports.RESULTS.value, 3)
    this.#answer = exports.ANSWER.value
    this.#answerBytes = exports.ANSWER_BYTES.value
    this.#window = windowAt(exports.WINDOW.value, exports.WINDOW_BYTES.value)
    this.#shortWindow = windowAt(exports.SHORT_WINDOW.value, exports.SHORT_WINDOW_BYTES.value)
    this.#output = exports.OUTPUT.value
    this.#slack = exports.SLACK.value
    const seed = randomBytes(8)
    exports.setSeed(seed.readInt32LE(0), seed.readInt32LE(4))
  }

  /**
   * Copies pieces of JSON into the module's memory, where they can be read without another copy.
   * @returns all of them, until the next call; undefined if they are too long
   */
  hold(pieces: readonly Uint8Array[], length: number): Buffer | undefined {
    if (length > this.#answerBytes) return undefined
    let at = this.#answer
    for (const piece of pieces) {
      this.#bytes.set(piece, at)
      at += piece.length
    }
    this.#bytes.fill(0, at, at + this.#slack)
    return Buffer.from(this.#buffer, this.#answer, length)
  }

  /** Reads an item of DynamoDB's and writes it as a document. False, with nothing read, if that is left to JavaScript. */
  encode(source: Source, target: Target): boolean {
    const at = this.#addressOf(source)
    return at !== 0 && this.#take(source, at, target, this.#exports.encode(at, source.wellFormed))
  }

  /** Reads a document and writes it as DynamoDB's item. False, with nothing read, if that is left to JavaScript. */
  decode(source: Source, target: Target): boolean {
    const at = this.#addressOf(source)
    return at !== 0 && this.#take(source, at, target, this.#exports.decode(at))
  }

  /** Reads an item in DynamoDB's JSON as a caller may send it. False, with nothing read, if that is left to JavaScript. */
  check(source: Source): boolean {
    const at = this.#addressOf(source)
    return at !== 0 && this.#take(source, at, undefined, this.#exports.check(at))
  }

  /** Reads any value. False, with nothing read, if that is left to JavaScript. */
  skip(source: Source): boolean {
    const at = this.#addressOf(source)
    return at !== 0 && this.#take(source, at, undefined, this.#exports.skip(at, source.wellFormed))
  }

  /**
   * Reads as many of the next items of an array as it can, and writes them. The next one is left to JavaScript: it may be
   * one that is not usual, or the array may end.
   * @param isFirst whether no item of the array was read before
   * @param most the most items
   * @param pauseAt no more is read once the position is there
   * @returns how many
   */
  list(
    source: Source,
    target: Target,
    form: ListForm,
    isFirst: boolean,
    most: number,
    pauseAt: number,
  ): number {
    const at = this.#addressOf(source)
    if (at === 0) return 0
    const stop = at + Math.max(0, pauseAt - source.position)
    this.#take(source, at, target, this.#exports.list(at, form, isFirst, most, stop, source.wellFormed))
    this.lastItem = source.position + (this.#results[2] ?? 0) - (this.#results[0] ?? 0)
    return this.#results[1] ?? 0
  }

  #take(source: Source, at: number, target: Target | undefined, length: number): boolean {
    if (length < 0) return false
    if (length > 0) target?.copy(this.#bytes, this.#output, this.#output + length)
    source.position += (this.#results[0] ?? 0) - at
    return true
  }

  /** Where the next byte of a source is in the module's memory; 0 if it is not worth having there. */
  #addressOf(source: Source): number {
    const { id, bytes, position } = source
    if (bytes.buffer === this.#buffer) return bytes.byteOffset + position
    const window = bytes.length > this.#shortWindow.bytes ? this.#window : this.#shortWindow
    if (id !== window.sourceId || position < window.start || position >= window.moveAt) {
      if (bytes.length - position < FEW_BYTES) return 0
      this.#load(source, window)
    }
    return window.address + position - window.start
  }

  /** Moves a window by at least half of its size, so that no byte is copied more than twice. */
  #load({ id, bytes, position }: Source, window: Window): void {
    const end = Math.min(bytes.length, position + window.bytes)
    window.sourceId = id
    window.start = position
    window.moveAt = end === bytes.length ? end : position + window.bytes / 2
    this.#bytes.set(bytes.subarray(position, end), window.address)
    const behind = window.address + end - position
    this.#bytes.fill(0, behind, behind + this.#slack)
  }
}

function windowAt(address: number, bytes: number): Window {
  return { address, bytes, sourceId: 0, start: 0, moveAt: 0 }
}

/** Undefined where there is no WebAssembly, or none with SIMD: then JavaScript does all. */
export const translator = create()

function create(): Translator | undefined {
  try {
    return new Translator(moduleBytes)
  } catch {
    return undefined
  }
}
