/** The ways to authenticate, as components. */
import type { Json, JsonObject } from './json-value.js'

export const securitySchemes: JsonObject = {
  bearerAuth: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'API key or JWT',
    description: 'An API key, or a token of an issuer that the policy file names.',
  },
  apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key', description: 'An API key.' },
}

/** Of every operation of the API: one of the two, or none where the operator has not set `AUTH=policy`. */
export const security: Json = [{ bearerAuth: [] }, { apiKey: [] }, {}]
