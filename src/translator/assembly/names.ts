/**
 * The names of the objects around the current place. An object that has a name twice is refused elsewhere; here it is enough
 * to tell that it may have one. So only hashes are compared, and a name with an escape, which can be written in several ways,
 * is never taken. The seed keeps callers from choosing names with equal hashes.
 */
import { HASHES, MAX_NAMES, SCOPES, TABLES, TABLES_END } from './memory'

/** Up to so many hashes are compared one by one, four at a time. */
const FEW_NAMES = 32
/** A place in a hash table is looked for so often. */
const MAX_TRIES = 64
const SCOPE_BYTES: usize = 16

class Names {
  static seed: u64 = 0
  /** Of all objects. */
  static count: i32 = 0
  /** Where the names of the innermost object begin. */
  static first: i32 = 0
  /** Its hash table, of `mask + 1` places; 0 if it has few names. */
  static table: usize = 0
  static mask: i32 = 0
  /** Behind the last hash table. */
  static free: usize = TABLES
  /** Where the names of the objects around it are kept. */
  static scope: usize = SCOPES
}

export function setNamesSeed(seed: u64): void {
  Names.seed = seed
}

/** Forgets all objects. */
export function resetNames(): void {
  Names.count = 0
  Names.first = 0
  Names.table = 0
  Names.mask = 0
  Names.free = TABLES
  Names.scope = SCOPES
}

/** Enters an object. */
export function enterNames(): void {
  const scope = Names.scope
  store<i32>(scope, Names.first, 0)
  store<i32>(scope, Names.mask, 4)
  store<usize>(scope, Names.table, 8)
  store<usize>(scope, Names.free, 12)
  Names.scope = scope + SCOPE_BYTES
  Names.first = Names.count
  Names.mask = 0
  Names.table = 0
}

/** Leaves an object. */
export function leaveNames(): void {
  const scope = Names.scope - SCOPE_BYTES
  Names.scope = scope
  Names.count = Names.first
  Names.first = load<i32>(scope, 0)
  Names.mask = load<i32>(scope, 4)
  Names.table = load<usize>(scope, 8)
  Names.free = load<usize>(scope, 12)
}

/** Adds the name from its opening quote at `start` to `end`. False if the object may have it already. */
export function addName(start: usize, end: usize): bool {
  const hash = hashOf(start + 1, end - 1)
  if (hash === 0 || Names.count === MAX_NAMES) return false
  const count = Names.count - Names.first
  if (count < FEW_NAMES ? isAmongFew(hash) : !enterTable(hash, count)) return false
  store<u32>(hashAt(Names.count), hash)
  Names.count++
  return true
}

function hashAt(name: i32): usize {
  return HASHES + ((<usize>name) << 2)
}

/** The hash of a name; 0 if it has an escape, and of one in 2^32 others. */
function hashOf(start: usize, end: usize): u32 {
  let hash: u64 = Names.seed ^ (<u64>(end - start) * 0x9e3779b97f4a7c15)
  let escapes: u64 = 0
  let at = start
  for (; at + 8 <= end; at += 8) {
    const word = load<u64>(at)
    escapes |= backslashesIn(word)
    hash = mix(hash ^ word)
  }
  if (at < end) {
    const bits: u64 = 8 * (end - at)
    const word = load<u64>(at) & (((1 as u64) << bits) - 1)
    escapes |= backslashesIn(word)
    hash = mix(hash ^ word)
  }
  return escapes !== 0 ? 0 : (<u32>(hash >> 32)) ^ (<u32>hash)
}

function mix(word: u64): u64 {
  const mixed = (word ^ (word >> 32)) * 0xd6e8feb86659fd93
  return mixed ^ (mixed >> 29)
}

/** Not 0 if one of the eight bytes is a backslash. */
function backslashesIn(word: u64): u64 {
  const zeros = word ^ 0x5c5c5c5c5c5c5c5c
  return (zeros - 0x0101010101010101) & ~zeros & 0x8080808080808080
}

/** Whether one of the last few names has this hash. */
function isAmongFew(hash: u32): bool {
  const wanted = i32x4.splat(hash)
  const end = hashAt(Names.count)
  for (let at = hashAt(Names.first); at < end; at += 16) {
    let same = i32x4.bitmask(i32x4.eq(v128.load(at), wanted))
    // Behind the last name there may be hashes of others.
    if (end - at < 16) same &= (1 << (((end - at) >> 2) as i32)) - 1
    if (same !== 0) return true
  }
  return false
}

/** Enters the hash of a name into the table, which is made larger before it is half full. False if it may be there already. */
function enterTable(hash: u32, count: i32): bool {
  let entered: bool = true
  if (2 * count > Names.mask) {
    Names.mask = Names.mask === 0 ? 0xff : 4 * Names.mask + 3
    Names.table = Names.free
    const bytes = (<usize>Names.mask + 1) << 2
    Names.free += bytes
    if (Names.free > TABLES_END) return false
    memory.fill(Names.table, 0, bytes)
    for (let name = Names.first; entered && name < Names.count; name++) {
      entered = enterHash(load<u32>(hashAt(name)))
    }
  }
  return entered && enterHash(hash)
}

function enterHash(hash: u32): bool {
  let place = (hash as i32) & Names.mask
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const at = Names.table + ((<usize>place) << 2)
    const other = load<u32>(at)
    if (other === 0) {
      store<u32>(at, hash)
      return true
    }
    if (other === hash) return false
    place = (place + 1) & Names.mask
  }
  return false
}
