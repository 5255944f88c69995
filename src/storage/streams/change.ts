import type { Json } from '../../json/json.js'

export type ChangeEvent = 'INSERT' | 'MODIFY' | 'REMOVE'

/** A change of an item, with DynamoDB's own attribute values. */
export interface Change {
  readonly event: ChangeEvent
  /** Such as `{"id":{"S":"1"}}`. */
  readonly keys: Json
  readonly newItem: Json | undefined
  readonly oldItem: Json | undefined
  /** `ApproximateCreationDateTime`, in s since 1970. */
  readonly createdAt: number
  readonly sequenceNumber: string
  /** The memory that it takes, about. */
  readonly bytes: number
}
