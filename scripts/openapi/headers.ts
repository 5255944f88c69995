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
    schema: { type: 'integer', format: 'int32', minimum: 1 },
    example: 1,
  },
  ratelimit: {
    description:
      'What is left of the rate of the caller: requests, and seconds until there are more. On every answer to a caller ' +
      'with a rate (draft-ietf-httpapi-ratelimit-headers-10).',
    schema: { type: 'string' },
    example: '"default";r=0;t=1',
  },
  'ratelimit-policy': {
    description:
      'The rate of the caller: requests, and the seconds in which it may send them. With `RateLimit`.',
    schema: { type: 'string' },
    example: '"default";q=400;w=2',
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
/** Of answers to a caller that exceeds its rate; DynamoDB's throttling has none. */
export const rateLimit = {
  ratelimit: ref('ratelimit', 'headers'),
  'ratelimit-policy': ref('ratelimit-policy', 'headers'),
}
