/** Inputs of the translation, each made of one number. */
import { isUtf8 } from 'node:buffer'
import { NEVER } from '../../src/json/in-slices.js'
import { ListForm } from '../../src/translator/translator.js'
import { RandomJson, type Style } from './random-json.js'
import { Random } from './random.js'

/** What is done with an input: by the module alone, or as a whole, in which the module does a part. */
export const ALONE = ['encode', 'decode', 'check', 'skip', 'list'] as const
export const WHOLE = ['answer', 'item', 'page', 'lines', 'body'] as const
export type Alone = (typeof ALONE)[number]
export type Operation = Alone | (typeof WHOLE)[number]

export interface Input {
  readonly operation: Operation
  /** What is read, and what stands before and behind it. */
  readonly before: Buffer
  readonly json: Buffer
  readonly behind: Buffer
  /** Whether it is read where it is in the module's memory, to which it comes in pieces of this many bytes; 0 if not. */
  readonly pieces: number
  readonly wellFormed: boolean
  /** Of a list. The pause comes so many bytes behind the beginning. */
  readonly form: ListForm
  readonly isFirst: boolean
  readonly most: number
  readonly pauseAfter: number
  /** Of an answer or a body: what it is. */
  readonly shape: ShapeName
  readonly isTyped: boolean
  /** Of a page. */
  readonly leaveOut: readonly string[]
}

export type ShapeName = 'query' | 'put' | 'batchGet' | 'batchWrite' | 'transactGet' | 'transactWrite'

/** Those that are most of the work come most often. */
const OPERATIONS = [
  ...[
    'encode',
    'encode',
    'encode',
    'decode',
    'decode',
    'decode',
    'check',
    'check',
    'skip',
    'list',
    'list',
    'list',
  ],
  ...['answer', 'answer', 'item', 'page', 'lines', 'body', 'body'],
] as const satisfies readonly Operation[]

const NOTHING = Buffer.alloc(0)
const MiB = 2 ** 20

/** An input with a given text, alone and otherwise usual. */
export function inputWith(operation: Operation, text: string): Input {
  return {
    operation,
    before: NOTHING,
    json: Buffer.from(text),
    behind: NOTHING,
    pieces: MiB,
    wellFormed: true,
    form: ListForm.documents,
    isFirst: true,
    most: 1000,
    pauseAfter: NEVER,
    shape: 'put',
    isTyped: false,
    leaveOut: [],
  }
}

/** @param seed of this input alone */
export function inputOf(seed: number): Input {
  const random = new Random(seed)
  const operation: Operation = random.pick(OPERATIONS)
  const json = new RandomJson(random, styleOf(random))
  const isFirst = random.chance(0.6)
  const isTyped = random.chance(0.5)
  const form = random.pick([0, 1, 2, 3] as const)
  const shape = random.pick(SHAPES_OF[operation === 'body' ? 'body' : 'answer'])
  const whole = Buffer.from(textOf(operation, json, random, { isFirst, isTyped, form, shape }))
  const isLong = whole.length > MiB / 2
  const damaged = random.chance(0.3) && !isLong ? damage(whole, random, operation) : whole
  const isAlone = ALONE.some((name) => name === operation)
  return {
    operation,
    before: isAlone && random.chance(0.2) ? Buffer.from(' '.repeat(random.below(40))) : NOTHING,
    json: damaged,
    // What is short is left to JavaScript, so something follows most of it.
    behind:
      isAlone && random.chance(0.7) ? Buffer.from(`,${'{"a":[1,2]},'.repeat(random.below(15))}`) : NOTHING,
    pieces: random.chance(0.5) ? random.pick([7, 100, 4096, MiB]) : 0,
    wellFormed: random.chance(0.5) || ['decode', 'check', 'body'].includes(operation),
    form,
    isFirst,
    most: random.chance(0.7) ? 1000 : random.below(4),
    pauseAfter: random.chance(0.7) ? NEVER : random.below(300),
    shape,
    isTyped,
    leaveOut: random.chance(0.3) ? ['a', 'b'] : [],
  }
}

function styleOf(random: Random): Style {
  return {
    space: random.pick([0, 0, 0, 0.05, 0.5]),
    odd: random.pick([0, 0, 0, 0.01, 0.05]),
    twice: random.pick([0, 0, 0, 0.02, 0.3]),
    large: random.pick([0, 0, 0.01, 0.1]),
    deep: random.pick([0, 0, 0, 0.01, 0.05]),
  }
}

type Options = Pick<Input, 'isFirst' | 'isTyped' | 'form' | 'shape'>

const SHAPES_OF = {
  answer: ['query', 'put', 'batchGet', 'transactGet'],
  body: ['put', 'query', 'batchWrite', 'transactWrite'],
} as const

function textOf(operation: Operation, json: RandomJson, random: Random, options: Options): string {
  switch (operation) {
    case 'encode':
    case 'check':
      return random.chance(LONG) ? longer(json.item(), () => json.attributeValue(1), random) : json.item()
    case 'decode':
      return random.chance(LONG)
        ? longer(json.document(), () => json.documentValue(1), random)
        : json.document()
    case 'skip':
      return random.chance(LONG) ? longer(json.document(), () => json.value(1), random) : json.value(4)
    case 'list': {
      const isPlain = options.form % 2 === 0 && random.chance(0.3)
      const items = itemsOf(random, json, isPlain ? () => json.value(2) : () => json.item(2))
      return options.isFirst ? `${items}]` : `${json.space()},${items}]`
    }
    case 'body':
      return bodyOf(options.shape, json, random, options.isTyped ? () => json.item() : () => json.document())
    default:
      return answerOf(
        operation === 'answer' ? options.shape : operation === 'item' ? 'put' : 'query',
        json,
        random,
      )
  }
}

/** How often an input is longer than what the module has room for. */
const LONG = 0.001

/** The members of an object, and as many more that it is longer than the module's window, or that more is written than it has room for. */
function longer(object: string, value: () => string, random: Random): string {
  const bytes = random.pick([MiB / 2, MiB, MiB])
  if (random.chance(0.5))
    return withMember(object, `"long":${wrapped(value(), 'x'.repeat(bytes - random.below(200)))}`)
  // Values that become five times as long.
  const many = value()
  return withMember(object, `"long":${manyOf(many, bytes)}`)
}

function withMember(object: string, member: string): string {
  return `{${member}${object.length > 2 ? ',' : ''}${object.slice(1)}`
}

/** A long string as the kind of a value. */
function wrapped(like: string, text: string): string {
  return like.startsWith('{') ? `{"S":"${text}"}` : `"${text}"`
}

function manyOf(value: string, bytes: number): string {
  const isTyped = /^\{"[A-Z]+":/.test(value)
  const many = `${value.length > 1000 ? '1' : value},`
    .repeat(Math.ceil(bytes / (value.length + 1)))
    .slice(0, -1)
  return isTyped ? `{"L":[${many}]}` : `[${many}]`
}

/** The items of a list, without its brackets. */
function itemsOf(random: Random, json: RandomJson, make: () => string): string {
  if (random.chance(LONG)) {
    const item = random.chance(0.2) ? json.number() : make()
    const count = Math.ceil((random.pick([1, 1.1, 2.2]) * MiB - random.below(300)) / (item.length + 1))
    return `${`${item},`.repeat(count)}${make()}`
  }
  return json.elements(random.below(5), make)
}

function answerOf(shape: ShapeName, json: RandomJson, random: Random): string {
  const items = () => `[${itemsOf(random, json, () => json.item(2))}]`
  // Of any length, so that the items begin anywhere in a block of 16 bytes.
  const others = () =>
    random.pick([
      '"Count":1',
      '"ScannedCount":12',
      `"LastEvaluatedKey":${json.item(1)}`,
      `"Other":${json.value(2)}`,
    ])
  const members = {
    query: () => `"Items":${items()}`,
    put: () => `"Attributes":${json.item()}`,
    batchGet: () => `"Responses":{"Table":${items()},"Other":${items()}},"UnprocessedKeys":{}`,
    transactGet: () => `"Responses":[${json.elements(random.below(4), () => `{"Item":${json.item(2)}}`)}]`,
  }
  const main = shape in members ? members[shape as keyof typeof members]() : '"Count":2'
  const parts = random.chance(0.5) ? [main, others()] : [others(), main]
  return `{${json.space()}${parts.join(`${json.space()},`)}}`
}

function bodyOf(shape: ShapeName, json: RandomJson, random: Random, item: () => string): string {
  const list = (make: () => string) => `[${json.elements(random.below(4), make)}]`
  switch (shape) {
    case 'query':
      return `{"expressionAttributeValues":${item()},"limit":${json.number()},"unknown":${json.value(2)}}`
    case 'batchWrite':
      return `{"requestItems":{"Table":${list(() => `{"putRequest":{"item":${item()}}}`)}}}`
    case 'transactWrite':
      return `{"transactItems":${list(() => `{"put":{"tableName":"Table","item":${item()}}}`)}}`
    default:
      return `{${json.space()}"item":${json.space()}${item()}${json.space()}}`
  }
}

/** With a few bytes that are cut off, removed, put in or changed. What a caller sends stays UTF-8: the service has refused it before. */
function damage(json: Buffer, random: Random, operation: Operation): Buffer {
  const isSent = operation === 'decode' || operation === 'check' || operation === 'body'
  let damaged = json
  for (let n = random.pick([1, 1, 1, 2, 3]); n > 0; n--) {
    const at = random.below(damaged.length + 1)
    const [head, tail] = [damaged.subarray(0, at), damaged.subarray(at)]
    const character = Buffer.from(
      random.pick(['{', '}', '[', ']', '"', ',', ':', '\\', ' ', '0', '-', 'e', '$', 't', '\u0000']),
    )
    const any = Buffer.of(random.below(256))
    damaged = random.pick([
      () => head,
      () => Buffer.concat([head, character, tail]),
      () => Buffer.concat([head, character, tail.subarray(1)]),
      () => Buffer.concat([head, any, tail.subarray(1)]),
      () => Buffer.concat([head, tail.subarray(random.between(1, 3))]),
      () => Buffer.concat([head, tail.subarray(0, 20), tail]),
    ])()
  }
  return isSent && !isUtf8(damaged) ? json : damaged
}
