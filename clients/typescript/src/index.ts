/** The client of dynamodb-storage-service. */
export type { Body, CallOptions } from './call.js'
export * from './client.js'
export * from './errors.js'
export type * from './generated/schemas.js'
export type { RetryOptions } from './retries.js'
