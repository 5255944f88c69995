/** Random JSON: documents, items in DynamoDB's JSON, and any other values; with what is usual and what is not. */
import type { Random } from './random.js'

/** JSON as text. */
type JsonText = string

/** What may follow a string's opening quote, and be repeated. */
const USUAL = [
  ...['a', 'Z', '9', ' ', '/', '~', '\u007f', 'é', '“', '😀', 'xxxxxxxx', 'yyyyyyyyyyyyyyyy'],
  ...['\\"', '\\\\', '\\/', '\\b', '\\f', '\\n', '\\r', '\\t'],
  ...['\\u0041', '\\u00e9', '\\u00E9', '\\ud83d\\ude00', '\\uD83D\\uDE00', '\\u0000', '\\ue000'],
] as const
const ODD = [
  ...['\u0000', '\u0001', '\t', '\n', '\u001f'],
  ...[
    '\\',
    '\\x',
    '\\u',
    '\\u12',
    '\\u12G4',
    '\\u-123',
    '\\u 123',
    '\\u12:4',
    '\\u@123',
    '\\U0041',
    '\\\u0000',
  ],
  ...[
    '\\ud800',
    '\\udc00',
    '\\udbff\\u0041',
    '\\ud83d\\ud83d',
    '\\ud83d\\n',
    '\\ud83dxude00',
    '\\ud83d\\ude0G',
  ],
  ...['\\ude00\\ud83d', '\\ud83d', '\\udfff', '\\ud83d\\ue000'],
] as const

const ODD_SPACE = ['\f', '\v', '\u0000', '\u00a0', '\ufeff', '\u0085', '\u001f', '/**/'] as const

const NUMBERS = [
  ...['0', '-0', '1', '12', '-7', '3.25', '0.5', '1e5', '1E-7', '-2.5e+10', '0e0', '1e999', '-0.0E-0'],
  ...['12345678901234567890123456789012345678', '0.000000000000000000001'],
] as const
const ODD_NUMBERS = [
  ...[
    '01',
    '-',
    '1.',
    '.5',
    '+5',
    '1e',
    '1E+',
    '00',
    '1.5e-',
    'NaN',
    '--1',
    '1_0',
    '-x',
    '0x1',
    '1.e5',
    '-01',
    '1ee5',
  ],
] as const
/** These are numbers in the strings of DynamoDB's JSON only. */
const ODD_NUMBER_STRINGS = [
  ...[
    '"+5"',
    '"007"',
    '".5"',
    '"5."',
    '"-.5e1"',
    '"\\u0035"',
    '"x"',
    '""',
    '"1e5 "',
    '" 1"',
    '"1',
    '5',
    'null',
    '"-"',
  ],
] as const

const BASE64 = ['""', '"AQ=="', '"AQI="', '"AQID"', '"+/+/"', '"az09Ag=="', '"abcdefghijklmnop"'] as const
const ODD_BASE64 = [
  ...[
    '"AB"',
    '"ABC"',
    '"A"',
    '"AB=="',
    '"AQ="',
    '"A==="',
    '"=AQ="',
    '"AQ==AQ=="',
    '"AR=="',
    '"ABF="',
    '"A="',
    '"="',
  ],
  ...[
    '"AB\\/C"',
    '"A B="',
    '"AB-_"',
    '5',
    '"===="',
    '"=="',
    '"AQ==',
    '"AQI"',
    '"@@@@"',
    '"[[[["',
    '"````"',
    '"{{{{"',
  ],
  ...[
    '"////AB=="',
    '"AAA5=="',
    '"AA+="',
    '"AA/="',
    '"A+=="',
    '"A/=="',
    '"AAz="',
    '"A:=="',
    '"Ag=="',
    '"Aw=="',
    '"A0=="',
  ],
] as const

const TAGS = ['$binary', '$stringSet', '$numberSet', '$binarySet', '$map'] as const
const ODD_NAMES = [
  ...['"\u0001"', '"\t"', '"\\"', '"""', '"\\n"', '"é"'],
  ...[
    '"$"',
    '"$x"',
    '"$mapp"',
    '"$binarx"',
    '"$stringSex"',
    '"$numberSat"',
    '"$binaryBet"',
    '"\\u0024map"',
    '"$ma\\u0070"',
  ],
  ...['"\\u0024binary"', '"__proto__"', '""', '"S"', '"Item"', '"\\u0061"', '"\\a"', 'a', '5', '"\\ud800"'],
] as const

/** Numbers of levels at the limits and around them, see `src/items/limits.ts`, `src/json/reader.ts` and the module. */
const DEPTHS = [10, 38, 39, 40, 41, 42, 62, 63, 64, 65, 66, 78, 79, 80, 81, 82] as const
const GREAT_DEPTHS = [130, 254, 256, 510, 511, 512, 513, 514] as const
/** Numbers of names at which names are looked up in another way. */
const COUNTS = [15, 16, 17, 31, 32, 33, 34, 65, 127, 128, 129, 200] as const

export interface Style {
  /** How likely white space is, wherever it may be. */
  readonly space: number
  /** How likely a value is not usual: malformed, or to be refused, or written in a rare way. */
  readonly odd: number
  /** How likely an object has a name twice. */
  readonly twice: number
  /** How likely an object has many names, or a set, string or number is long. */
  readonly large: number
  /** How likely a value is nested as deep as is taken, or deeper. */
  readonly deep: number
}

export class RandomJson {
  readonly #random: Random
  readonly #style: Style

  constructor(random: Random, style: Style) {
    this.#random = random
    this.#style = style
  }

  /** White space, or none. */
  space(): string {
    if (!this.#random.chance(this.#style.space)) return ''
    if (this.#isOdd()) return this.#random.pick(ODD_SPACE)
    return this.#random.pick([' ', '\n', '\t', '\r\n', '  ', '\n                   '])
  }

  string(): JsonText {
    const random = this.#random
    if (random.chance(this.#style.large / 8))
      return `"${'x'.repeat(random.between(30, 300))}${random.pick(USUAL)}"`
    // Of each length, so that strings end everywhere in a block of 16 bytes.
    if (random.chance(0.3))
      return `"${'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'.slice(0, random.below(50))}"`
    const count = random.chance(0.1) ? random.below(40) : random.below(7)
    let text = '"'
    for (let n = 0; n < count; n++) text += this.#isOdd() ? random.pick(ODD) : random.pick(USUAL)
    return `${text}"`
  }

  number(): JsonText {
    const random = this.#random
    if (this.#isOdd()) return random.pick(ODD_NUMBERS)
    if (!random.chance(this.#style.large / 8))
      return random.chance(0.3) ? String(this.#random.below(1e6)) : random.pick(NUMBERS)
    const rest = '1'.repeat(random.between(995, 1001))
    return random.pick([`1${rest}`, `-${rest}`, `0.${rest.slice(1)}`, `${rest.slice(2)}e55`])
  }

  base64(): JsonText {
    const random = this.#random
    if (this.#isOdd()) {
      const digit = () => random.pick(['A', 'E', 'B', 'w', 'g', '0', '8', '+', '/'])
      return random.pick([random.pick(ODD_BASE64), `"${digit()}${digit()}=="`, `"AA${digit()}="`])
    }
    return random.chance(0.5)
      ? random.pick(BASE64)
      : `"${'a+/9'.repeat(this.#random.below(12))}${random.pick(['', 'AQ==', 'AQI='])}"`
  }

  /** A document: an object. */
  document(depth = 3): JsonText {
    return this.#object((depth) => this.documentValue(depth), depth - 1)
  }

  /** A value in a document. */
  documentValue(depth: number): JsonText {
    const random = this.#random
    if (depth > 0 && random.chance(this.#style.deep))
      return this.#nested(['[', '{"a":', '{"$map":{"a":', '{"$x":'])
    switch (this.#random.below(depth > 0 ? 17 : 10)) {
      case 0:
      case 1:
      case 2:
        return this.string()
      case 3:
      case 4:
        return this.number()
      case 5:
        return this.#isOdd() ? random.pick(['tru', 'truE', 'nul', 'nulL', 'fals', 'falsE', 'x', '']) : 'true'
      case 6:
        return random.pick(['false', 'null'])
      case 7:
        return this.#tag('$binary', this.base64())
      case 8:
        return this.#tag(
          '$stringSet',
          this.#set(() => this.string()),
        )
      case 9:
        return random.chance(0.5)
          ? this.#tag(
              '$numberSet',
              this.#set(() => this.number()),
            )
          : this.#tag(
              '$binarySet',
              this.#set(() => this.base64()),
            )
      case 10:
      case 11:
        return this.#array(() => this.documentValue(depth - 1))
      case 12:
      case 13:
        return this.#tag('$map', this.document(depth))
      case 14:
        return this.#isOdd()
          ? this.#tag(random.pick(TAGS), this.documentValue(depth - 1))
          : this.document(depth)
      default:
        return this.document(depth)
    }
  }

  /** A map of names to AttributeValues: an item, as DynamoDB has it. */
  item(depth = 3): JsonText {
    return this.#object((depth) => this.attributeValue(depth), depth - 1)
  }

  attributeValue(depth: number): JsonText {
    const random = this.#random
    if (depth > 0 && random.chance(this.#style.deep))
      return this.#nested(['{"L":[', '{"M":{"a":', '{"M":{"$map":', '{"M":{"$map":{"M":{"a":'])
    switch (this.#random.below(depth > 0 ? 15 : 10)) {
      case 0:
      case 1:
      case 2:
        return this.#typed('S', this.string())
      case 3:
      case 4:
        return this.#typed('N', this.#numberString())
      case 5:
        return this.#typed(
          'BOOL',
          this.#isOdd()
            ? random.pick(['"true"', 'tru', '1', 'fals', 'falsE', ''])
            : random.pick(['true', 'false']),
        )
      case 6:
        return this.#typed('NULL', this.#isOdd() ? random.pick(['false', 'null', 'tru', '5']) : 'true')
      case 7:
        return this.#typed('B', this.base64())
      case 8:
        return this.#typed(
          'SS',
          this.#set(() => this.string()),
        )
      case 9:
        return random.chance(0.5)
          ? this.#typed(
              'NS',
              this.#set(() => this.#numberString()),
            )
          : this.#typed(
              'BS',
              this.#set(() => this.base64()),
            )
      case 10:
      case 11:
        return this.#typed(
          'L',
          this.#array(() => this.attributeValue(depth - 1)),
        )
      case 12:
        return this.#isOdd()
          ? random.pick([
              '{}',
              '{"X":1}',
              '{"SX":[]}',
              '{"s":"x"}',
              '{"S":null}',
              '{"BOOLE":true}',
              '{"XS":[]}',
              'null',
              '5',
              '[]',
            ])
          : this.#typed('M', this.item(depth))
      case 13:
        return this.#isOdd()
          ? this.#typed(
              random.pick(['S', 'N', 'M', 'L', 'B', 'SS', 'NS', 'BS', 'MS', 'LS', 'Q']),
              this.value(1),
            )
          : this.#typed('M', this.item(depth))
      default:
        return this.#typed('M', this.item(depth))
    }
  }

  /** Any value. */
  value(depth: number): JsonText {
    const random = this.#random
    if (depth > 0 && random.chance(this.#style.deep)) return this.#nested(['[', '{"a":'])
    switch (this.#random.below(depth > 0 ? 8 : 4)) {
      case 0:
        return this.number()
      case 1:
        return this.#isOdd()
          ? random.pick(['tru', 'nul', 'falsE', 'x', '', '+', 'True'])
          : random.pick(['true', 'false', 'null'])
      case 2:
      case 3:
        return this.string()
      case 4:
      case 5:
        return this.#array(() => this.value(depth - 1))
      default:
        return this.#object((depth) => this.value(depth), depth - 1)
    }
  }

  /** Values with commas between them, as they stand in brackets. */
  elements(count: number, make: () => JsonText): JsonText {
    let text = this.space()
    for (let n = 0; n < count; n++) {
      if (n > 0) text += `${this.space()},${this.space()}`
      text += make()
    }
    return text + this.space()
  }

  #array(make: () => JsonText): JsonText {
    return `[${this.elements(this.#random.below(4), make)}]`
  }

  /** Mostly without white space, as DynamoDB writes it. */
  #set(make: () => JsonText): JsonText {
    const count = this.#random.chance(this.#style.large) ? 60 : this.#random.below(5)
    if (this.#isOdd())
      return this.#random.pick(['5', '{}', '["a" "b"]', '[["a"]]', '[,]', '["a",]', '[5]', 'null'])
    if (this.#random.chance(0.5)) return `[${this.#random.times(count, make).join(',')}]`
    return `[${this.elements(count, make)}]`
  }

  /** @param make its values, of so many levels at most */
  #object(make: (depth: number) => JsonText, depth: number): JsonText {
    const random = this.#random
    const isLarge = random.chance(this.#style.large)
    const count = isLarge ? random.pick(COUNTS) : random.below(5)
    // Some names are alike in their first bytes, as those of a flood would be.
    const prefix = random.chance(0.2) ? 'name-of-an-attribute-' : ''
    const first = random.below(1000)
    let index = first
    let twiceAt = isLarge && random.chance(0.3) ? random.below(count) : -1
    const name = () => this.#name(prefix, twiceAt-- === 0 ? random.between(first, index) : index++)
    // Many values would hardly ever all be usual ones.
    const usual = make(0)
    const value = () => (isLarge && random.chance(0.97) ? usual : make(depth))
    const member = () => `${name()}${this.space()}:${this.space()}${value()}`
    return `{${this.elements(count, member)}}`
  }

  #name(prefix: string, index: number): JsonText {
    const random = this.#random
    if (random.chance(this.#style.twice))
      return random.pick(['"a"', '"\\u0061"', '"b"', '"abcdefgh"', '"abcdefghi"', '"é"'])
    if (this.#isOdd()) return random.pick(ODD_NAMES)
    return random.chance(0.1) ? `${this.string().slice(0, -1)}${index}"` : `"${prefix}${index}"`
  }

  #tag(name: string, content: JsonText): JsonText {
    const second = this.#isOdd()
      ? this.#random.pick([',"x":1', ',"$map":{}', ',', ',"$binary":"AA=="', ' x'])
      : ''
    // A character of the name is written as an escape.
    const written = this.#isOdd()
      ? name.replace(
          this.#random.pick(['$', 'm', 'n', 'S', 'p', 't']),
          (character) => `\\u00${character.charCodeAt(0).toString(16)}`,
        )
      : name
    return `{${this.space()}"${written}"${this.space()}:${this.space()}${content}${this.space()}${second}}`
  }

  #typed(type: string, content: JsonText): JsonText {
    const second = this.#isOdd() ? this.#random.pick([',"Q":1', ',"S":"x"', ',', ' x']) : ''
    // The beginning has white space more rarely: the module takes none in it.
    const [before, behind] = this.#random.chance(0.1) ? [this.space(), this.space()] : ['', '']
    return `{${before}"${type}"${behind}:${this.space()}${content}${this.space()}${second}}`
  }

  #numberString(): JsonText {
    return this.#isOdd() ? this.#random.pick(ODD_NUMBER_STRINGS) : `"${this.number()}"`
  }

  /** One value in many others, each of which begins with one of `openings`. */
  #nested(openings: readonly [string, ...string[]]): JsonText {
    const random = this.#random
    const depth = random.chance(0.1) ? random.pick(GREAT_DEPTHS) : random.pick(DEPTHS)
    const opening = random.chance(0.7) ? random.pick(openings) : undefined
    const countsBrackets = random.chance(0.5)
    let open = ''
    let close = ''
    for (let levels = 0; levels < depth;) {
      const part = opening ?? random.pick(openings)
      open += part
      let brackets = ''
      for (const character of part) {
        if (character === '{') brackets = `}${brackets}`
        if (character === '[') brackets = `]${brackets}`
      }
      close = brackets + close
      levels += countsBrackets ? brackets.length : 1
    }
    const innermost =
      openings[0] === '['
        ? random.pick(['1', '"a"', '{}', '[]', ''])
        : random.pick(['{"S":"a"}', '{"L":[]}', '{"M":{}}', '{}'])
    return open + innermost + close
  }

  #isOdd(): boolean {
    return this.#random.chance(this.#style.odd)
  }
}
