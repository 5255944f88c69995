/** What a request may do: who sent it, at which rate, and on which tables and items. */
import type { FastifyReply } from 'fastify'
import { authorize, authorizeEverything, authorizeTable, maySee } from '../access/authorize.js'
import type { Caller } from '../access/caller.js'
import { rateLimitHeaders } from '../access/rate.js'
import { clip, ProblemError } from '../problem/problem-error.js'
import type { CallLimits } from '../storage/call/limits.js'
import type { Action, Target } from '../storage/targets.js'
import { isArn, tableName } from '../storage/tables/table-names.js'
import type { Services } from './call.js'

/** What a decision is made with. */
export interface Asking {
  readonly services: Services
  /** Undefined without `AUTH=policy`: everyone may do everything. */
  readonly caller: Caller | undefined
  readonly limits: CallLimits
}

/**
 * Counts the request of a caller that has a rate, and tells in headers what is left of it.
 * @throws ProblemError `TooManyRequests`
 */
export async function limitRate(
  { rateLimits }: Services,
  { principal, rate }: Caller,
  reply: FastifyReply,
): Promise<void> {
  if (rate === undefined || principal === null) return
  const allowance = await rateLimits.take(principal, rate)
  reply.headers(rateLimitHeaders(rate, allowance))
  if (allowance.allowed) return
  const detail = `The rate limit of ${rate.requests} requests a ${rate.per} is exceeded.`
  throw new ProblemError('TooManyRequests', detail, { retryAfterMs: allowance.retryAfterMs })
}

/**
 * Checks that the caller may do all of this. Undefined, or resolves, if so.
 * @throws ProblemError `Forbidden`, or `Unauthenticated` for a caller without credentials
 */
export function permit(asking: Asking, targets: readonly Target[]): Promise<void> | undefined {
  if (targets.some(({ table }) => isArn(table))) {
    return Promise.all(targets.map((target) => namedTarget(asking, target))).then((named) =>
      permitNamed(asking, named),
    )
  }
  return permitNamed(asking, targets)
}

/**
 * Checks before any item is known that the caller may do this, or one of these, to at least some items of the table, so
 * that no other answer tells whether the table exists.
 * @throws ProblemError `Forbidden`, or `Unauthenticated` for a caller without credentials
 */
export async function permitTable(
  asking: Asking,
  action: Action | readonly Action[],
  table: string,
): Promise<void> {
  const actions = typeof action === 'string' ? [action] : action
  const [first = 'DescribeTable'] = actions
  const { table: name } = await namedTarget(asking, { action: first, table })
  if (asking.caller !== undefined) authorizeTable(asking.caller, name, actions)
}

/**
 * Checks that the caller may use an operation of which nothing else is known.
 * @param tables that the request names
 * @throws ProblemError `Forbidden`, or `Unauthenticated` for a caller without credentials
 */
export async function permitEverything(
  asking: Asking,
  operation: string,
  tables: readonly string[],
): Promise<void> {
  if (asking.caller !== undefined) authorizeEverything(asking.caller, operation)
  await Promise.all(tables.map((table) => namedTarget(asking, { action: 'DescribeTable', table })))
}

function permitNamed(
  { services: { storage }, caller, limits }: Asking,
  targets: readonly Target[],
): Promise<void> | undefined {
  if (caller === undefined) return undefined
  return authorize(caller, targets, (table) => storage.tableKeys(table, limits))
}

/**
 * The target with its table's name instead of the ARN. The ARN of another account or Region stays, if it is allowed.
 * @throws ProblemError `Forbidden` if it is not
 */
export async function namedTarget(asking: Asking, target: Target): Promise<Target> {
  const { table } = target
  if (!isArn(table)) return target
  if (await isOwn(asking, table)) return { ...target, table: tableName(table) }
  if (asking.services.config.allowForeignArns) return target
  throw new ProblemError(
    'Forbidden',
    `${clip(table)} is no table in the account and Region of this service. Use the name of a table. The operator can ` +
      'allow other ARNs with ALLOW_FOREIGN_ARNS=true.',
  )
}

/** A caller without a grant on the table learns nothing from it. */
async function isOwn({ services: { storage }, caller, limits }: Asking, arn: string): Promise<boolean> {
  return (caller === undefined || maySee(caller, tableName(arn))) && storage.isOwnTable(arn, limits)
}
