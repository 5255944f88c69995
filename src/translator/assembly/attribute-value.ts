/** The usual beginnings of AttributeValues, as the eight bytes at their start. */

/** `{"S":`, with any letter from A to Z. */
export function hasOneLetter(start: u64): bool {
  return (start & 0xffff00ffff) === 0x3a2200227b && <u32>(letterOf(start) - 0x41) < 26
}

/** `{"BOOL":` */
export const BOOL: u64 = 0x3a224c4f4f42227b

/** `{"NULL":` */
export const NULL: u64 = 0x3a224c4c554e227b

/** `{"SS":`, with any first letter. */
export function isSet(start: u64): bool {
  return (start & 0xffffff00ffff) === 0x3a225300227b
}

/** The first letter of the type. */
export function letterOf(start: u64): i32 {
  return (<i32>(start >> 16)) & 0xff
}

export const LETTER_OF_STRING = 0x53
export const LETTER_OF_NUMBER = 0x4e
export const LETTER_OF_BINARY = 0x42
export const LETTER_OF_MAP = 0x4d
export const LETTER_OF_LIST = 0x4c
