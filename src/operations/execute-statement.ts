/** PartiQL statements: who may execute them, and their pages and batches. */
import { inSlices } from '../json/in-slices.js'
import { EMPTY_ARRAY, type Json } from '../json/json.js'
import { members, objectOf } from '../json/parts.js'
import { ProblemError } from '../problem/problem-error.js'
import { redactErrors } from '../problem/redact.js'
import { asAnswerError } from '../storage/errors.js'
import type { Target } from '../storage/targets.js'
import { type DynamoDBRequest, jsonOf, textOf } from '../storage/request.js'
import { type Asking, namedTarget, permit } from './access-control.js'
import type { Call } from './call.js'

/**
 * Checks that the caller may execute the statement. For a SELECT of some partitions, the right to query is enough.
 * @throws ProblemError `Forbidden`, or `Unauthenticated` for a caller without credentials
 */
export function permitStatement(asking: Asking, targets: readonly Target[]): Promise<void> | undefined {
  const [target] = targets
  if (asking.caller === undefined || target?.action !== 'Scan') return permit(asking, targets)
  return permitSelect(asking, target)
}

async function permitSelect(asking: Asking, target: Target): Promise<void> {
  try {
    await permit(asking, [target])
  } catch (refusal) {
    if (!(refusal instanceof ProblemError) || !(await mayQuery(asking, target))) throw refusal
  }
}

/** The keys are not asked for without the right to query the table: a refusal must not tell whether it exists. */
async function mayQuery(asking: Asking, target: Target): Promise<boolean> {
  const { equalNames, index } = target
  if (equalNames === undefined || equalNames.size === 0) return false
  try {
    await permit(asking, [{ ...target, action: 'Query' }])
  } catch (error) {
    if (error instanceof ProblemError) return false
    throw error
  }
  const { table } = await namedTarget(asking, target)
  const keys = await asking.services.storage.tableKeys(table, asking.limits)
  const [partitionKey] = index === undefined ? keys.key : (keys.indexes.get(index) ?? [])
  return partitionKey !== undefined && equalNames.has(partitionKey.name)
}

/** Resolves to `{"Items": […], "NextPageToken": "…"}`. */
export async function sendStatement(
  { services: { storage, pageTokens }, limits }: Call,
  { PageToken, ...request }: DynamoDBRequest,
): Promise<Json> {
  const binding = bindingOf(request)
  const token = textOf(PageToken)
  const NextToken = token === undefined ? undefined : pageTokens.open(token, binding, 'body/pageToken')
  const answer = await storage.send('ExecuteStatement', { ...request, NextToken }, limits)
  try {
    const found = members(answer)
    const position = found.get('NextToken')
    const next = position && Buffer.from(JSON.stringify(pageTokens.create(position, binding)))
    return objectOf([
      ['Items', found.get('Items') ?? EMPTY_ARRAY],
      ['NextPageToken', next],
    ])
  } catch (error) {
    throw asAnswerError(error)
  }
}

/** What a page token belongs to. DynamoDB's own token is a JSON string in it. */
function bindingOf({ Statement, Parameters }: DynamoDBRequest): string {
  return JSON.stringify(['statement', textOf(Statement), Parameters && jsonOf(Parameters).toString()])
}

/** Resolves to `{"Responses": […]}`, of which some may be errors, without what callers must not see. */
export async function sendBatchOfStatements(
  { services: { storage }, limits }: Call,
  request: DynamoDBRequest,
): Promise<Json> {
  const responses = await storage.batchStatements(request, limits)
  return objectOf([['Responses', await inSlices(redactErrors(responses))]])
}
