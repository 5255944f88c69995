import * as Type from 'typebox'
import { NoQuery } from './parts/paths.js'

export const openapiJson = {
  operationId: 'openapiJson',
  summary: 'This description, as JSON',
  description: 'This description of the API (OpenAPI 3.1), for generators of clients and for tools.',
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
}

export const openapiYaml = {
  operationId: 'openapiYaml',
  summary: 'This description, as YAML',
  description: 'This description of the API (OpenAPI 3.1), as `openapi.yaml` has it.',
  tags: ['Service'],
  querystring: NoQuery,
  response: {
    200: {
      description: 'An OpenAPI document.',
      content: { 'application/yaml': { schema: Type.String() } },
    },
  },
}
