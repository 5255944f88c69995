/**
 * `partitionKey` of a grant: the partitions that it is about, such as `CUSTOMER#{customer}` for one, or
 * `CUSTOMER#{customer}#*` for all that begin so.
 */

export interface PartitionTemplate {
  readonly parts: readonly Part[]
  /** Whether the key only has to begin with the text. */
  readonly isPrefix: boolean
}

type Part =
  | { readonly literal: string }
  /** `end` is the character behind it, which its value may not contain: it could stand for two texts otherwise. */
  | { readonly placeholder: string; readonly end: string | undefined }

/** The partitions that one caller may use. */
export interface Partition {
  readonly text: string
  readonly isPrefix: boolean
}

/** A string, number or boolean that a placeholder stands for; undefined if the caller has none of this name. */
export type Attributes = (name: string) => unknown

/** Returns the template, or a text that completes "partitionKey must …". */
export function parseTemplate(source: string): PartitionTemplate | string {
  const isPrefix = source.endsWith('*')
  const text = isPrefix ? source.slice(0, -1) : source
  // Every second piece is the name of a placeholder.
  const pieces = text.split(/\{([^{}]*)\}/)
  const parts: Part[] = []
  for (const [index, piece] of pieces.entries()) {
    if (index % 2 === 0) {
      if (/[{}]/.test(piece)) return 'have a name in each pair of braces'
      if (piece !== '') parts.push({ literal: piece })
      continue
    }
    if (piece === '') return 'have a name in each pair of braces'
    const next = pieces[index + 1] ?? ''
    const isLast = index + 2 >= pieces.length
    if (next === '' && !isLast) return 'have text between two placeholders, as in "{tenant}#{user}"'
    parts.push({ placeholder: piece, end: isPrefix || !isLast ? next[0] : undefined })
  }
  if (parts.length === 0) return 'not be empty'
  if (isPrefix && pieces.at(-1) === '') {
    return 'have text between the last placeholder and "*", as in "{tenant}#*": tenant 1 could see tenant 12 otherwise'
  }
  return { parts, isPrefix }
}

/** The partitions for a caller with these attributes; undefined if one is missing or not valid, which denies. */
export function fillIn(
  { parts, isPrefix }: PartitionTemplate,
  attributes: Attributes,
): Partition | undefined {
  let text = ''
  for (const part of parts) {
    if ('literal' in part) {
      text += part.literal
      continue
    }
    const value = asText(attributes(part.placeholder))
    if (value === '' || (part.end !== undefined && value.includes(part.end))) return undefined
    text += value
  }
  return { text, isPrefix }
}

/**
 * The empty text for what denies: a large number would be rounded to that of another caller, and half a surrogate pair
 * becomes the same replacement character for all callers when it is written as UTF-8.
 */
function asText(value: unknown): string {
  if (typeof value === 'string') return value.isWellFormed() ? value : ''
  if (typeof value === 'boolean') return String(value)
  return isExact(value) ? String(value) : ''
}

/** Whether a value is a number that was not rounded when it was read, as far as that can be told. */
export function isExact(value: unknown): boolean {
  return Number.isSafeInteger(value) || (Number.isFinite(value) && Number(value) % 1 !== 0)
}
