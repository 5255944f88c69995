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

/** The description of the API: the whole of it, or with one representation of items only. */
export interface Described {
  /** Inserted into the names of the operations. */
  readonly name: '' | 'Documents' | 'Typed'
  /** What it is, without a full stop. */
  readonly what: string
}

export const openapiJson = ({ name, what }: Described) =>
  ({
    operationId: `openapi${name}Json`,
    summary: `${what}, as JSON`,
    description: `${what} (OpenAPI 3.1), for client generators and other tools.`,
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
  }) satisfies RouteSchema

export const openapiYaml = ({ name, what }: Described) =>
  ({
    operationId: `openapi${name}Yaml`,
    summary: `${what}, as YAML`,
    description: `${what} (OpenAPI 3.1), for client generators and other tools.`,
    tags: ['Service'],
    querystring: NoQuery,
    response: {
      200: {
        description: 'An OpenAPI document.',
        content: { 'application/yaml': { schema: Type.String() } },
      },
    },
  }) satisfies RouteSchema
