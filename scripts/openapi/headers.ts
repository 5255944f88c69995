/** Headers of many answers, as components. */
import type { JsonObject } from './json-value.js'
import { ref } from './schema-components.js'

export const headers: JsonObject = {
  'x-request-id': {
    description:
      'The id of the request: the caller’s own `x-request-id` if it has 1 to 128 safe characters, otherwise a new one.',
    required: true,
    schema: { type: 'string' },
    example: '7d5a0f4e-5b1c-4a57-9d0c-1f6f7f1e8b52',
  },
  'retry-after': {
    description: 'The number of seconds to wait before the request is sent again.',
    required: true,
    schema: { type: 'integer', minimum: 1 },
    example: 1,
  },
  'www-authenticate': {
    description: 'How to authenticate (RFC 6750, section 3).',
    required: true,
    schema: { type: 'string' },
    example: 'Bearer realm="dynamodb-storage-service"',
  },
}

/** Of every answer. */
export const requestId = { 'x-request-id': ref('x-request-id', 'headers') }
/** Of every answer that asks the client to wait. */
export const retryAfter = { 'retry-after': ref('retry-after', 'headers') }
/** Of every answer to a request that is not authenticated. */
export const wwwAuthenticate = { 'www-authenticate': ref('www-authenticate', 'headers') }
