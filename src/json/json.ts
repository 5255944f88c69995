/** JSON in UTF-8: exactly one well-formed value, wherever a function takes or returns it. */
export type Json = Buffer

export const EMPTY_OBJECT: Json = Buffer.from('{}')
export const EMPTY_ARRAY: Json = Buffer.from('[]')

/** The JavaScript value of a JSON. Numbers become doubles, so this is not for items. */
export function parse(json: Json): unknown {
  return JSON.parse(json.toString())
}
