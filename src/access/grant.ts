/** What a grant covers. One grant has to cover an access whole. */
import type { Action, Target } from '../storage/targets.js'
import { isArn } from '../storage/tables/table-names.js'
import type { Partition } from './partition-template.js'

/** Groups of actions in the policy file. */
export const GROUPS = ['read', 'write', 'scan', 'changes', 'admin'] as const
type Group = (typeof GROUPS)[number]

/** The group of each action; `any` for what any grant on the table allows. */
const groupOf: Readonly<Record<Action, Group | 'any'>> = {
  GetItem: 'read',
  ConditionCheckItem: 'read',
  Query: 'read',
  PutItem: 'write',
  UpdateItem: 'write',
  DeleteItem: 'write',
  Scan: 'scan',
  CreateTable: 'admin',
  UpdateTable: 'admin',
  DeleteTable: 'admin',
  UpdateTimeToLive: 'admin',
  ListStreams: 'changes',
  DescribeStream: 'changes',
  GetShardIterator: 'changes',
  GetRecords: 'changes',
  DescribeTable: 'any',
  DescribeTimeToLive: 'any',
}

export interface Grant {
  /** Names; those with `*` at the end are prefixes. */
  readonly tables: readonly string[]
  /** Groups and DynamoDB's operation names. */
  readonly actions: ReadonlySet<string>
  /**
   * Undefined for every partition. `none` for a caller without a valid value for the template: the grant covers nothing,
   * and is kept only so that a refusal can name the kind of rule.
   */
  readonly partition: Partition | 'none' | undefined
}

/** Whether a grant covers what is done to the table, whatever the partition. */
export function covers(grant: Grant, { action, within, partiql, table }: Target): boolean {
  const { actions } = grant
  const group = groupOf[action]
  return (
    (group === 'any' ||
      actions.has(group) ||
      actions.has(action) ||
      (within !== undefined && actions.has(within)) ||
      (partiql !== undefined && actions.has(partiql))) &&
    coversTable(grant, table)
  )
}

/** Whether the action tells of the table only what any caller with a grant on it may know. */
export function isOpen(action: Action): boolean {
  return groupOf[action] === 'any'
}

/** An ARN here is one of another account or Region, which only a grant that lists it covers. */
export function coversTable({ tables }: Grant, table: string): boolean {
  for (const pattern of tables) {
    if (pattern === table) return true
    if (pattern.endsWith('*') && isArn(pattern) === isArn(table) && table.startsWith(pattern.slice(0, -1))) {
      return true
    }
  }
  return false
}

/** The right that is missing, as the policy file names it: `"read" or "GetItem"`. */
export function rightFor(action: Action): string {
  const group = groupOf[action]
  return group === 'any' ? 'any action' : `"${group}" or "${action}"`
}
