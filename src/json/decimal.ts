/** Decimal numbers as DynamoDB takes them: as in JSON, but also `+5`, `007`, `.5` and `5.`. */
export interface Decimal {
  readonly isNegative: boolean
  /** The digits before and after the point, as they are written. */
  readonly whole: string
  readonly fraction: string
  /** As it is written, such as `E+2`; undefined if there is none. */
  readonly exponent: string | undefined
}

// Each digit can be matched in one way only, so that matching a long text takes linear time.
const DECIMAL = /^([+-]?)(?:(\d+)(?:\.(\d*))?|\.(\d+))([eE][+-]?\d+)?$/

/** The parts of a number; undefined if the text is not a number. */
export function decimalOf(text: string): Decimal | undefined {
  const match = DECIMAL.exec(text)
  if (match === null) return undefined
  const [, sign, whole = '', fraction, onlyFraction = '', exponent] = match
  return { isNegative: sign === '-', whole, fraction: fraction ?? onlyFraction, exponent }
}

/** The digits without the zeros in front. */
export function withoutLeadingZeros(digits: string): string {
  return digits.replace(/^0+/, '')
}

/** The digits without the zeros at their end. A pattern would try each run of zeros from each of its digits. */
export function withoutTrailingZeros(digits: string): string {
  let end = digits.length
  while (digits[end - 1] === '0') end--
  return digits.slice(0, end)
}
