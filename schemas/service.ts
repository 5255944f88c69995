/** The service itself: its health, and the description of its API. */
import * as Type from 'typebox'
import { NoQuery } from './parts/paths.js'
import type { RouteSchema } from './parts/route-schema.js'

export const live = {
  operationId: 'live',
  summary: 'Liveness probe',
  description: '200 as long as the process responds, whether or not DynamoDB does.',
  tags: ['Service'],
  querystring: NoQuery,
  response: { 200: Type.Object({ status: Type.Literal('live') }, { examples: [{ status: 'live' }] }) },
} satisfies RouteSchema

export const ready = {
  operationId: 'ready',
  summary: 'Readiness probe',
  description: '200 if DynamoDB responds too; 503 if it does not, or while the service shuts down.',
  tags: ['Service'],
  querystring: NoQuery,
  response: { 200: Type.Object({ status: Type.Literal('ready') }, { examples: [{ status: 'ready' }] }) },
} satisfies RouteSchema

export const openapiJson = {
  operationId: 'openapiJson',
  summary: 'This description, as JSON',
  description: 'This description of the API (OpenAPI 3.1), for client generators and other tools.',
  tags: ['Service'],
  querystring: NoQuery,
  response: {
    200: Type.Unsafe<string>({
      title: 'OpenAPIDocument',
      description: 'An OpenAPI document.',
      type: 'object',
      additionalProperties: true,
    }),
  },
} satisfies RouteSchema

export const openapiYaml = {
  operationId: 'openapiYaml',
  summary: 'This description, as YAML',
  description: 'This description of the API (OpenAPI 3.1), identical to `openapi.yaml`.',
  tags: ['Service'],
  querystring: NoQuery,
  response: {
    200: {
      description: 'An OpenAPI document.',
      content: { 'application/yaml': { schema: Type.String() } },
    },
  },
} satisfies RouteSchema
