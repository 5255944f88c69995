/** Inputs for branches of the module that random ones of usual size do not reach, or seldom. */
import { NEVER } from '../../src/json/in-slices.js'
import { type Input, inputWith } from './input.js'

const many = (count: number, text: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => text(i)).join(',')
const objectOf = (names: number, last = '') => `{${many(names, (i) => `"name${i}":1`)}${last}}`

export const rareInputs: readonly Input[] = [
  // More names than have room, in one object and in one within the other.
  inputWith('decode', objectOf(20_000)),
  inputWith(
    'decode',
    objectOf(9000, `,"a":${objectOf(2500, `,"b":${objectOf(2200, `,"c":${objectOf(2100)}`)}`)}`),
  ),
  // A name twice, among many.
  ...[33, 100, 128, 129, 600, 3000].map((names) => inputWith('decode', objectOf(names, ',"name5":2'))),
  inputWith('decode', objectOf(60, ',"a":{"b":1},"name5":2')),
  // More is written than there is room for: by values, and within a set.
  inputWith('decode', `{"a":[${many(520_000, () => '1')}]}`),
  inputWith('decode', `{"a":[${many(150_000, () => '1')}],"b":{"$numberSet":[${many(300_000, () => '1')}]}}`),
  inputWith('list', `${many(160_000, () => '{}')}]`),
  { ...inputWith('list', `${many(170_000, () => '{}')}]`), form: 2 },
  // A number goes on behind the window.
  ...['', ' ', '  '].map((space) => ({
    ...inputWith('list', `${space}${many(132_000, () => '1234567')}]`),
    most: NEVER,
    form: 0 as const,
  })),
  // The digits of base64 in front of its padding.
  ...['AA/=', 'AA+=', 'AA8=', 'AAw=', 'AAI=', 'A/==', 'A+=='].map((text) =>
    inputWith('check', `{"a":{"B":"${text}"}}`),
  ),
  // Two arrays of items.
  inputWith('page', '{"Items":[{"a":{"S":"b"}}],"Items":[{"a":{"S":"c"}}]}'),
  // Types that there are not.
  ...['{"Q":1}', '{"QS":[]}'].flatMap((value) => [
    inputWith('encode', `{"a":${value}}`),
    inputWith('check', `{"a":${value}}`),
  ]),
]
