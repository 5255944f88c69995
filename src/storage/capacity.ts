/** The capacity that calls consume (API Reference, ConsumedCapacity). */
import { CLOSE_BRACE, OPEN_BRACE, OPEN_BRACKET } from '../json/character-codes.js'
import { SHORT_BYTES, skip, type Sliced } from '../json/in-slices.js'
import { type Json, parse } from '../json/json.js'
import { elements, members, objectOf } from '../json/parts.js'
import { JsonError, JsonReader } from '../json/reader.js'
import type { CapacityConsumed } from './events.js'
import { isWrite, type SentOperation } from './operations.js'
import { type DynamoDBRequest, textOf } from './request.js'

/** Whether DynamoDB's answer will have `ConsumedCapacity`. */
export function asksForCapacity({ ReturnConsumedCapacity }: DynamoDBRequest): boolean {
  if (ReturnConsumedCapacity === undefined) return false
  const value = textOf(ReturnConsumedCapacity)
  return value === 'TOTAL' || value === 'INDEXES'
}

interface ReportedCapacity {
  /** Empty if the answer reports nothing that makes sense: the call has succeeded. */
  readonly consumed: readonly CapacityConsumed[]
  /** The answer as DynamoDB gives it to a request that does not ask for its capacity. */
  readonly withoutIt: () => Json
}

/**
 * Reads the capacity that a call took from its answer.
 * @throws JsonError if the answer is not an object
 */
export function* readCapacity(
  answer: Json,
  operation: SentOperation,
  request: DynamoDBRequest,
): Sliced<ReportedCapacity> {
  const found = answer.length <= SHORT_BYTES ? members(answer) : yield* membersInSlices(answer)
  const reported = found.get('ConsumedCapacity')
  found.delete('ConsumedCapacity')
  return {
    consumed: reported === undefined ? [] : capacityIn(reported, operation, request),
    withoutIt: () => objectOf(found),
  }
}

/** A batch can have 16 MB. */
function* membersInSlices(answer: Json): Sliced<Map<string, Json>> {
  const reader = new JsonReader(answer)
  const found = new Map<string, Json>()
  reader.expect(OPEN_BRACE)
  for (let first = true; reader.next(CLOSE_BRACE, first); first = false) {
    reader.name()
    const name = reader.nameText()
    reader.peek()
    const start = reader.position
    yield* skip(reader)
    found.set(name, answer.subarray(start, reader.position))
  }
  reader.end()
  return found
}

/** Reads `ConsumedCapacity`, one or an array of them; none if it makes no sense. */
export function capacityIn(
  reported: Json,
  operation: SentOperation,
  request: DynamoDBRequest,
): CapacityConsumed[] {
  try {
    return read(reported, operation, request).filter(({ units }) => Number.isFinite(units) && units >= 0)
  } catch (error) {
    if (error instanceof JsonError) return []
    throw error
  }
}

function read(consumed: Json, operation: SentOperation, request: DynamoDBRequest): CapacityConsumed[] {
  const each = consumed[0] === OPEN_BRACKET ? elements(consumed) : [consumed]
  return each.flatMap((one) => {
    const found = members(one)
    const table = textOf(found.get('TableName')) ?? ''
    const units = (name: string) => Number(parse(found.get(name) ?? Buffer.from('0')))
    // Only transactions tell both (API Reference, Capacity).
    const both = [
      { operation, table, kind: 'read' as const, units: units('ReadCapacityUnits') },
      { operation, table, kind: 'write' as const, units: units('WriteCapacityUnits') },
    ].filter((capacity) => capacity.units > 0)
    if (both.length > 0) return both
    const kind = isWrite(operation, request) ? 'write' : 'read'
    return [{ operation, table, kind, units: units('CapacityUnits') }]
  })
}
