/** The capacity that calls consume (API Reference, ConsumedCapacity). */
import { OPEN_BRACKET } from '../json/character-codes.js'
import { type Json, parse } from '../json/json.js'
import { elements, members, objectOf } from '../json/parts.js'
import { JsonError } from '../json/reader.js'
import type { CapacityConsumed } from './events.js'
import { isWrite, type Operation } from './operations.js'
import { type DynamoDBRequest, textOf } from './request.js'

/** Whether DynamoDB's answer will have `ConsumedCapacity`. */
export function asksForCapacity({ ReturnConsumedCapacity }: DynamoDBRequest): boolean {
  if (ReturnConsumedCapacity === undefined) return false
  const value = textOf(ReturnConsumedCapacity)
  return value === 'TOTAL' || value === 'INDEXES'
}

/** What an answer says of the capacity that it took; nothing if it says nothing that makes sense: the call has succeeded. */
export function capacityIn(answer: Json, operation: Operation, request: DynamoDBRequest): CapacityConsumed[] {
  try {
    return read(answer, operation, request).filter(({ units }) => Number.isFinite(units) && units >= 0)
  } catch (error) {
    if (error instanceof JsonError) return []
    throw error
  }
}

function read(answer: Json, operation: Operation, request: DynamoDBRequest): CapacityConsumed[] {
  const consumed = members(answer).get('ConsumedCapacity')
  if (consumed === undefined) return []
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

/** The answer as DynamoDB gives it to a request that does not ask for its capacity. */
export function withoutCapacity(answer: Json): Json {
  return objectOf([...members(answer)].filter(([name]) => name !== 'ConsumedCapacity'))
}
