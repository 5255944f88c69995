import { EMPTY_OBJECT, type Json } from '../../json/json.js'
import { members } from '../../json/parts.js'
import type { CallLimits, Send } from '../call/limits.js'
import { asAnswerError, StorageError, WriteConflictError } from '../errors.js'
import type { DynamoDBRequest } from '../request.js'
import type { Attributes, Patch } from './patch.js'
import { updateInPlace, updateWhole } from './update-parameters.js'

export interface ItemPatch {
  readonly patch: Patch
  /** The name of the partition key. */
  readonly partitionKey: string
  /** What has to be true before: that the item exists, or that it does not. */
  readonly precondition: 'exists' | 'absent' | undefined
}

export interface PatchedItem {
  readonly created: boolean
  /** UpdateItem's answer, with the item after the patch in `Attributes`. */
  readonly output: Json
}

/** Before each of them but the first, another write has added or removed the item or a map of it. */
const MAX_UPDATES = 5

const NO_ITEM: Attributes = new Map()

/**
 * Applies a merge patch to an item, or creates the item. Mostly this is one UpdateItem, which supposes that the item and
 * all maps of the patch exist. If that is false, DynamoDB returns the item with the error, and the next update supposes
 * what was found. Only a patch that is too long for such expressions takes a read, and needs unchanged attributes.
 * @param request UpdateItem's `TableName` and `Key`
 * @throws StorageError `ConditionalCheckFailedException` if the precondition is false
 * @throws WriteConflictError after five updates that supposed what was not the case any more
 */
export async function patchItem(
  request: DynamoDBRequest,
  { patch, partitionKey, precondition }: ItemPatch,
  send: Send,
  limits: CallLimits,
): Promise<PatchedItem> {
  const earlier = { maybeApplied: false }
  const onMaybeApplied = () => {
    earlier.maybeApplied = true
  }
  const returns = {
    ReturnValues: 'ALL_NEW',
    ReturnValuesOnConditionCheckFailure: precondition === 'absent' ? undefined : 'ALL_OLD',
  }
  let current = precondition === 'absent' ? NO_ITEM : undefined
  for (let updates = 1; ; updates++) {
    let update = updateInPlace(patch, partitionKey, current)
    if (update === undefined) {
      current ??= itemIn(await send('GetItem', { ...request, ConsistentRead: true }, limits))
      if (precondition === 'exists' && current.size === 0) throw noItem()
      update = updateWhole(patch, partitionKey, current)
    }
    try {
      const all = { ...request, ...update, ...returns }
      const output = await send('UpdateItem', all, { ...limits, onMaybeApplied })
      return { created: current?.size === 0, output }
    } catch (error) {
      if (!(error instanceof StorageError)) throw error
      if (error.name !== 'ConditionalCheckFailedException' || precondition === 'absent') {
        throw withEarlier(error, earlier.maybeApplied)
      }
      current = itemIn(error.body)
      if (precondition === 'exists' && current.size === 0) throw withEarlier(error, earlier.maybeApplied)
      if (updates === MAX_UPDATES) throw new WriteConflictError(error, earlier.maybeApplied)
    }
  }
}

/** The item in an answer of GetItem, or in the error of an update. */
function itemIn(answer: Json): Attributes {
  try {
    return members(members(answer).get('Item') ?? EMPTY_OBJECT)
  } catch (error) {
    throw asAnswerError(error)
  }
}

/** A precondition that is false without an update. */
function noItem(): StorageError {
  return new StorageError(
    {
      kind: 'refused',
      name: 'ConditionalCheckFailedException',
      message: 'The conditional request failed',
      maybeApplied: false,
    },
    { operation: 'GetItem', attempts: 1, earlierMaybeApplied: false, repeatable: true },
  )
}

/** The error of the last update, which tells that an update before it may have been applied. */
function withEarlier(error: StorageError, maybeApplied: boolean): StorageError {
  if (!maybeApplied || error.maybeApplied || error.earlierMaybeApplied) return error
  const { operation, attempts, repeatable } = error
  return new StorageError(error, { operation, attempts, earlierMaybeApplied: true, repeatable })
}
