/** What the policy means, in a few lines: slow, and obviously right. The service is compared with it. */

export interface ReferenceGrant {
  readonly tables: readonly string[]
  readonly actions: readonly string[]
  /** The text of the only partition, or with `*` the beginning of all. */
  readonly partition?: string
}

/** One thing that a request does: DynamoDB's operation, the table, and the partition key of the item or of the query. */
export interface ReferenceAccess {
  readonly action: string
  /** Other names by which it can be granted: the operation that it is an entry of, and IAM's action for a statement. */
  readonly alias?: readonly string[]
  readonly table: string
  /** Undefined if the access is not limited to one partition. */
  readonly partition?: string | undefined
  readonly returnsItem?: boolean
}

const groups: Readonly<Record<string, readonly string[]>> = {
  read: ['GetItem', 'Query', 'ConditionCheckItem'],
  write: ['PutItem', 'UpdateItem', 'DeleteItem'],
  scan: ['Scan'],
  admin: ['CreateTable', 'UpdateTable', 'DeleteTable', 'UpdateTimeToLive'],
}

const fits = (pattern: string, text: string) =>
  pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : text === pattern

function allows(
  grant: ReferenceGrant,
  action: string,
  { action: own, alias = [], table, partition }: ReferenceAccess,
): boolean {
  return (
    grant.actions.some(
      (one) =>
        one === action || (groups[one]?.includes(action) ?? false) || (action === own && alias.includes(one)),
    ) &&
    grant.tables.some((pattern) => fits(pattern, table)) &&
    (grant.partition === undefined || (partition !== undefined && fits(grant.partition, partition)))
  )
}

/** Whether all of this is allowed: each action by one grant that covers it whole. */
export function isAllowed(grants: readonly ReferenceGrant[], accesses: readonly ReferenceAccess[]): boolean {
  return accesses.every((access) =>
    [access.action, ...(access.returnsItem === true ? ['GetItem'] : [])].every((action) =>
      grants.some((grant) => allows(grant, action, access)),
    ),
  )
}
