/** The table has no stream. */
export class StreamNotEnabledError extends Error {
  override readonly name = 'StreamNotEnabledError'
}

/** A position lies before everything that the stream still has. */
export class PositionExpiredError extends Error {
  override readonly name = 'PositionExpiredError'
}

/** A text is no position in the stream of the table. */
export class InvalidPositionError extends Error {
  override readonly name = 'InvalidPositionError'
}

/** A subscriber has not taken its changes, and its buffer is full. */
export class SlowSubscriberError extends Error {
  override readonly name = 'SlowSubscriberError'
}
