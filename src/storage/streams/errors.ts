/** Why there are no changes, or no more. Failed calls are StorageErrors. Each message is for the caller. */

/** The table has no stream that is enabled, or its stream was disabled and has been read to its end. */
export class StreamNotEnabledError extends Error {
  override readonly name = 'StreamNotEnabledError'

  constructor(table: string) {
    super(`The table ${table} has no stream that is enabled`)
  }
}

/** Changes behind the position are no longer in the stream: DynamoDB keeps them for 24 hours. */
export class PositionExpiredError extends Error {
  override readonly name = 'PositionExpiredError'

  constructor(options?: ErrorOptions) {
    super('Changes behind this position are no longer in the stream, which keeps them for 24 hours', options)
  }
}

/** The position is not one that this service has given for the table. */
export class InvalidPositionError extends Error {
  override readonly name = 'InvalidPositionError'

  constructor(options?: ErrorOptions) {
    super('This is not a position in the changes of the table', options)
  }
}

/** The subscriber was cut off: its buffer is full. It can subscribe again behind the last change that it took. */
export class SlowSubscriberError extends Error {
  override readonly name = 'SlowSubscriberError'

  constructor() {
    super('The subscriber reads more slowly than the table changes, and its buffer is full')
  }
}
