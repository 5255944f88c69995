/** Decides whether a caller may do what a request asks for. What no grant covers is refused. */
import type { Json } from '../json/json.js'
import { members } from '../json/parts.js'
import { clip, ProblemError } from '../problem/problem-error.js'
import { equalValuesIn, partitionValueOf } from '../storage/key-condition.js'
import type { Action, Target } from '../storage/targets.js'
import type { TableKeys } from '../storage/tables/key-schemas.js'
import type { Caller } from './caller.js'
import { unauthenticated } from './credentials.js'
import { covers, coversTable, isOpen, rightFor } from './grant.js'
import { isIn } from './partition.js'
import type { Partition } from './partition-template.js'

/** The keys of a table and its indexes, at once or requested. */
type KeysOf = (table: string) => Promise<TableKeys> | TableKeys

/** What is only allowed in some partitions: which it is about can only be told with the keys of the table. */
interface Bound {
  readonly target: Target
  readonly action: Action
  readonly partitions: readonly Partition[]
}

/**
 * Checks that the caller may do all of this. Returns undefined at once, or a promise if the keys of a table have to be
 * requested first: only for grants that are bound to partitions, and never for a request that is refused without them.
 * @throws ProblemError `Forbidden`, or `Unauthenticated` for a caller without credentials
 */
export function authorize(
  caller: Caller,
  targets: readonly Target[],
  keysOf: KeysOf,
): Promise<void> | undefined {
  // "All entries are allowed" is true of none, so a request without any would get in without a grant.
  if (targets.length === 0) throw refusal(caller, 'The request is about nothing that a grant could cover.')
  let bound: Bound[] | undefined
  for (const target of targets) {
    const own = boundTo(caller, target, target.action)
    if (own !== undefined) (bound ??= []).push(own)
    if (target.returnsItem !== true) continue
    const reading = boundTo(caller, target, 'GetItem')
    if (reading !== undefined) (bound ??= []).push(reading)
  }
  return bound && authorizeBound(caller, bound, keysOf)
}

/**
 * As {@link authorize}, for one target and with the keys of its table.
 * @throws ProblemError
 */
export function authorizeWith(caller: Caller, target: Target, keys: TableKeys): void {
  const bound = boundTo(caller, target, target.action)
  if (bound !== undefined) checkBound(caller, bound, keys)
}

/**
 * Checks that the caller may do one of these to some items of a table, without knowing which.
 * @throws ProblemError `Forbidden`, or `Unauthenticated` for a caller without credentials
 */
export function authorizeTable(caller: Caller, table: string, actions: readonly Action[]): void {
  let refused: ProblemError | undefined
  for (const action of actions) {
    const target = { action, table }
    const grants = caller.grants.filter((grant) => covers(grant, target))
    if (grants.some(({ partition }) => partition !== 'none')) return
    refused ??= grants.length === 0 ? missing(caller, target, action) : otherPartition(caller, target, action)
  }
  if (refused !== undefined) throw refused
}

/**
 * Checks that the caller may administer all tables, for what no other grant covers.
 * @throws ProblemError `Forbidden`, or `Unauthenticated` for a caller without credentials
 */
export function authorizeEverything(caller: Caller, operation: string): void {
  const allowed = caller.grants.some(
    ({ tables, actions, partition }) =>
      partition === undefined && actions.has('admin') && tables.includes('*'),
  )
  if (!allowed) throw refusal(caller, `${operation} needs a grant of "admin" for all tables ("*").`)
}

/**
 * The partitions of a table to which the caller may do this, wherever it may do it only to some; undefined for all of them.
 * What {@link authorizeTable} refuses is in none.
 */
export function partitionsOf(
  caller: Caller,
  table: string,
  action: Action,
): readonly Partition[] | undefined {
  const covering = caller.grants.filter((grant) => covers(grant, { action, table }))
  const partitions: Partition[] = []
  for (const { partition } of covering) {
    if (partition === undefined) return undefined
    if (partition !== 'none') partitions.push(partition)
  }
  return partitions
}

/** Whether the caller has any grant on the table. */
export function maySee({ grants }: Caller, table: string): boolean {
  return grants.some((grant) => grant.partition !== 'none' && coversTable(grant, table))
}

/**
 * Undefined if a grant covers the target in every partition; otherwise the partitions of the grants that cover it.
 * @throws ProblemError if there are none, or if no value in the request is in one of them
 */
function boundTo(caller: Caller, target: Target, action: Action): Bound | undefined {
  const wanted = action === target.action ? target : { action, table: target.table }
  let partitions: Partition[] | undefined
  let covered = false
  for (const grant of caller.grants) {
    if (!covers(grant, wanted)) continue
    covered = true
    if (grant.partition === 'none') continue
    if (grant.partition === undefined || isOpen(action)) return undefined
    ;(partitions ??= []).push(grant.partition)
  }
  if (!covered) throw missing(caller, target, action)
  // A refusal without the keys of the table cannot tell whether the table exists.
  if (partitions === undefined || !mentions(target, partitions)) throw otherPartition(caller, target, action)
  return { target, action, partitions }
}

function authorizeBound(caller: Caller, bound: readonly Bound[], keysOf: KeysOf): Promise<void> | undefined {
  for (const [index, one] of bound.entries()) {
    const keys = keysOf(one.target.table)
    if (keys instanceof Promise) {
      // This very promise: nobody would handle its rejection if the keys were asked for a second time.
      return keys.then((requested) => {
        checkBound(caller, one, requested)
        return authorizeBound(caller, bound.slice(index + 1), keysOf)
      })
    }
    checkBound(caller, one, keys)
  }
  return undefined
}

/** @throws ProblemError if the target is not, or not only, in these partitions */
function checkBound(caller: Caller, { target, action, partitions }: Bound, keys: TableKeys): void {
  const [partitionKey] = keys.key
  const { index, startKey } = target
  const value = partitionKey && partitionOf(target, partitionKey.name)
  const allowed =
    value !== undefined &&
    (index === undefined || keys.indexes.get(index)?.[0]?.name === partitionKey?.name) &&
    partitions.some(
      (partition) =>
        isIn(partition, value) &&
        (startKey === undefined || isIn(partition, members(startKey).get(partitionKey?.name ?? ''))),
    )
  if (!allowed) throw otherPartition(caller, target, action)
  if (target.key !== undefined && target.action !== 'PutItem') checkNames(target.key, keys)
}

/**
 * DynamoDB refuses a key with other attributes than those of the table. But if the table was just replaced by one with
 * another key, such a key could be of another partition there.
 * @throws ProblemError
 */
function checkNames(key: Json, { key: schema }: TableKeys): void {
  const names = members(key)
  if (names.size === schema.length && schema.every(({ name }) => names.has(name))) return
  const expected = schema.map(({ name }) => clip(name)).join(' and ')
  throw new ProblemError(
    'InvalidRequest',
    `The key must have exactly the attributes of the table’s key: ${expected}.`,
  )
}

/** The partition key in a request, as an AttributeValue; undefined if the request is not about one partition. */
function partitionOf({ key, keyCondition }: Target, name: string): Json | undefined {
  if (key !== undefined) return members(key).get(name)
  return keyCondition && partitionValueOf(keyCondition, name)
}

/** Whether any value that could be the partition key is in one of the partitions. */
function mentions({ key, keyCondition }: Target, partitions: readonly Partition[]): boolean {
  const values =
    key !== undefined ? members(key).values() : keyCondition !== undefined ? equalValuesIn(keyCondition) : []
  for (const value of values) if (partitions.some((partition) => isIn(partition, value))) return true
  return false
}

function missing(caller: Caller, { table }: Target, action: Action): ProblemError {
  return refusal(caller, `${action} on ${clip(table)} needs a grant of ${rightFor(action)}.`)
}

function otherPartition(caller: Caller, { table, partiql }: Target, action: Action): ProblemError {
  const rule = partiql === undefined ? 'has to name one of them' : 'cannot be done by a PartiQL statement'
  return refusal(
    caller,
    `${action} on ${clip(table)} is granted for the caller’s own partitions only (partitionKey), and ${rule}.`,
  )
}

function refusal({ principal }: Caller, detail: string): ProblemError {
  return principal === null ? unauthenticated : new ProblemError('Forbidden', detail)
}
