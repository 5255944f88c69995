/** An operation of the description (OpenAPI 3.1, Operation Object), from a route and its schema. */
import * as Type from 'typebox'
import type { TObject } from 'typebox'
import {
  accessErrors,
  anyErrors,
  bodyErrors,
  callErrors,
  representationErrors,
} from '../../schemas/parts/errors.js'
import type { DescribedRoute } from '../../schemas/parts/route-schema.js'
import { document } from '../../src/items/representation.js'
import { contentOf, ownContent, streamsContent } from './body-content.js'
import { requestId } from './headers.js'
import { isArray, type Json, type JsonObject, plain } from './json-value.js'
import { problemResponses } from './problem-responses.js'
import type { DescribedRouteOptions } from './registered-routes.js'
import type { SchemaComponents } from './schema-components.js'
import { security } from './security.js'

type Answer = DescribedRoute['response'][number]

export function describeOperation(
  { method, url, schema }: DescribedRouteOptions,
  components: SchemaComponents,
): JsonObject {
  const { operationId, summary, description, tags, response, responseStreams } = schema
  const name = operationId.charAt(0).toUpperCase() + operationId.slice(1)
  const head = method === 'HEAD'
  const isApi = url.startsWith('/v1/')
  const parameters = [
    ...parametersIn('path', schema.params, components),
    ...parametersIn('query', schema.querystring, components),
    ...parametersIn('header', schema.headers, components),
  ]
  const requestContent = describeBody(`${name}Request`, schema, components)
  const answers = Object.entries(response).map(([status, answer]) => [
    status,
    describeAnswer(`${name}Answer`, answer, responseStreams, head, components),
  ])
  const codes = [
    ...anyErrors,
    ...(isApi ? [...accessErrors, ...callErrors] : []),
    ...(isApi && isNegotiated(schema, head) ? representationErrors : []),
    ...(requestContent === undefined ? [] : bodyErrors),
    ...(schema.errors ?? []),
  ]
  return {
    operationId: head ? `head${name}` : operationId,
    summary: head ? `${summary}, without the body` : summary,
    description,
    tags,
    ...(isApi && { security }),
    ...(parameters.length > 0 && { parameters }),
    ...(requestContent !== undefined && { requestBody: { required: true, content: requestContent } }),
    responses: { ...(Object.fromEntries(answers) as JsonObject), ...problemResponses(codes, head) },
  }
}

/** The request body by its media types (OpenAPI 3.1, Media Type Object); undefined if there is none. */
function describeBody(
  name: string,
  { body, bodyStreams, bodyMediaType }: DescribedRoute,
  components: SchemaComponents,
): JsonObject | undefined {
  if (bodyStreams !== undefined) return streamsContent(bodyStreams)
  if (body === undefined) return undefined
  return bodyMediaType === undefined
    ? contentOf(name, body, components)
    : ownContent(bodyMediaType, body, components)
}

/** Whether the answer has a body in one of the two representations, so that an `Accept` can exclude it. */
function isNegotiated({ bodyStreams, response }: DescribedRoute, head: boolean): boolean {
  return !head && bodyStreams === undefined && Object.values(response).some(({ type }) => type !== 'null')
}

function parametersIn(
  where: 'path' | 'query' | 'header',
  schema: TObject | undefined,
  components: SchemaComponents,
): readonly Json[] {
  return Object.entries(schema?.properties ?? {}).map(([name, property]) => {
    const required = !Type.IsOptional(property)
    return { name, in: where, required, ...describeValue(property, components) }
  })
}

/** Description, schema and example of a parameter or of a header. */
function describeValue(value: object, components: SchemaComponents): JsonObject {
  const { description = '', examples = [], ...schema } = plain(value)
  const [example] = isArray(examples) ? examples : []
  return {
    description,
    schema: components.add(schema, document),
    ...(example !== undefined && { example }),
  }
}

/** An answer without errors (OpenAPI 3.1, Response Object). */
function describeAnswer(
  name: string,
  answer: Answer,
  streams: DescribedRoute['responseStreams'] = {},
  head: boolean,
  components: SchemaComponents,
): JsonObject {
  const { headers = {}, ...body } = answer
  const own = Object.entries(headers).map(([header, schema]) => [
    header,
    { required: !Type.IsOptional(schema), ...describeValue(schema, components) },
  ])
  const content = () => ({ ...contentOf(name, body, components), ...streamsContent(streams) })
  return {
    description: answer.description ?? 'Done.',
    headers: { ...requestId, ...(Object.fromEntries(own) as JsonObject) },
    ...(!head && body.type !== 'null' && { content: content() }),
  }
}
