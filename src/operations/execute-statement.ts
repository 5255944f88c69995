/** PartiQL statements: who may execute them, and their pages and batches. */
import { inSlices } from '../json/in-slices.js'
import { EMPTY_ARRAY, type Json } from '../json/json.js'
import { members, objectOf } from '../json/parts.js'
import { ProblemError } from '../problem/problem-error.js'
import { redactErrors } from '../problem/redact.js'
import { asAnswerError } from '../storage/errors.js'
import type { Target } from '../storage/operations.js'
import { type DynamoDBRequest, jsonOf, textOf } from '../storage/request.js'
import { parseStatement } from '../storage/statement.js'
import { namedTarget, permit } from './access-control.js'
import type { Call } from './call.js'
import { fieldIn } from './page-body.js'

/**
 * Checks that the caller may execute the statement. For a SELECT of some partitions, the right to query is enough.
 * @throws ProblemError `Forbidden`, or `Unauthenticated` for a caller without credentials
 */
export function permitStatement(call: Call, targets: readonly Target[]): Promise<void> | undefined {
  const [target] = targets
  if (call.caller === undefined || target?.action !== 'Scan') return permit(call, targets)
  return permitSelect(call, target)
}

async function permitSelect(call: Call, target: Target): Promise<void> {
  try {
    await permit(call, [target])
  } catch (refusal) {
    if (!(refusal instanceof ProblemError) || !(await mayQuery(call, target))) throw refusal
  }
}

/** The keys are not asked for without the right to query the table: a refusal must not tell whether it exists. */
async function mayQuery(call: Call, target: Target): Promise<boolean> {
  const { equalNames } = parseStatement(String(fieldIn(call, 'statement')))
  if (equalNames.size === 0) return false
  try {
    await permit(call, [{ ...target, action: 'Query' }])
  } catch (error) {
    if (error instanceof ProblemError) return false
    throw error
  }
  const { table } = await namedTarget(call, target)
  const keys = await call.services.storage.tableKeys(table, call.limits)
  const [partitionKey] = target.index === undefined ? keys.key : (keys.indexes.get(target.index) ?? [])
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
