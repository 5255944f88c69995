/** A body by its media types: in both representations where items are in it, and in other media types. */
import * as Type from 'typebox'
import { SHAPE } from '../../schemas/parts/building-blocks.js'
import type { DescribedRoute } from '../../schemas/parts/route-schema.js'
import { translateAnswer } from '../../src/items/answer.js'
import { document, typed } from '../../src/items/representation.js'
import { readBody } from '../../src/items/request-body.js'
import { toRequest } from '../../src/items/to-request.js'
import { shapeOf } from '../../src/items/shape.js'
import { atOnce } from '../../src/json/in-slices.js'
import { serialize } from '../../src/storage/request.js'
import { type Json, type JsonObject, plain } from './json-value.js'
import { hasItems, type SchemaComponents } from './schema-components.js'

type Body = NonNullable<DescribedRoute['body']> & Pick<DescribedRoute['response'][number], 'content'>
type Streams = NonNullable<DescribedRoute['bodyStreams']>

/**
 * `name` is the title of the schema, unless it has one of its own.
 * @param inBoth whether the body has both representations, although no items are in it: an answer to a request with items
 */
export function contentOf(
  name: string,
  schema: Body,
  components: SchemaComponents,
  inBoth = false,
): JsonObject {
  const { examples, content = {}, ...body } = schema
  const others = Object.entries(content).map(([mediaType, { schema, examples }]) => [
    mediaType,
    { schema: components.add(schema, document), ...examplesOf(examples) },
  ])
  const hasSchema = Object.keys(body).some((key) => key !== 'description')
  return {
    ...(hasSchema && jsonContent(name, body, examples, components, inBoth)),
    ...(Object.fromEntries(others) as JsonObject),
  }
}

/** A body with documents in a media type of its own. */
export function ownContent(
  mediaType: string,
  { examples, ...schema }: Body,
  components: SchemaComponents,
): JsonObject {
  return { [mediaType]: { schema: components.add(schema, document), ...examplesOf(examples) } }
}

/** A stream, by media type. */
export function streamsContent(streams: Streams): JsonObject {
  return Object.fromEntries(
    Object.entries(streams).map(([mediaType, schema]) => [mediaType, streamContent(schema)]),
  )
}

/** As a plain string, generators for Kotlin and Rust would send lines as JSON, because of their media type. */
function streamContent({ examples, ...schema }: Streams[string]): JsonObject {
  const described = plain(schema)
  const isText = described['type'] === 'string'
  return { schema: { ...described, ...(isText && { format: 'binary' }) }, ...examplesOf(examples) }
}

function jsonContent(
  name: string,
  body: object,
  examples: readonly unknown[] | undefined,
  components: SchemaComponents,
  inBoth: boolean,
): JsonObject {
  const hasName = (SHAPE in body && body[SHAPE] === 'item') || 'anyOf' in body
  const schema = hasName ? body : { title: name, ...body }
  const inDocuments = { schema: components.add(schema, document), ...examplesOf(examples) }
  if (!inBoth && !hasItems(body)) return { [document.mediaType]: inDocuments }
  return {
    [document.mediaType]: inDocuments,
    [typed.mediaType]: {
      schema: components.add(schema, typed),
      ...examplesOf(examples?.map((example) => inTypes(example, body))),
    },
  }
}

function examplesOf(examples: readonly unknown[] | undefined): JsonObject {
  if (examples === undefined) return {}
  return { examples: plain(Object.fromEntries(examples.map((value, i) => [`example${i + 1}`, { value }]))) }
}

/** An example in DynamoDB's own types: the service translates it, as it does a body. */
function inTypes(example: unknown, schema: object): Json {
  const [described] = 'anyOf' in schema ? (schema.anyOf as readonly object[]) : [schema]
  const whole = Type.Object({ value: described ?? schema })
  const shape = shapeOf(whole)
  const limits = { maxEntries: Infinity, hold: () => undefined }
  const text = Buffer.from(JSON.stringify({ value: example }))
  const { value } = atOnce(readBody(text, shape, document, limits))
  const { json } = atOnce(translateAnswer(serialize(toRequest(value as object, shape)), shape, typed))
  return (JSON.parse(json.toString()) as { value: Json }).value
}
