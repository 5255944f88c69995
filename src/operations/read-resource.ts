/** What reading an item and reading a collection have in common. */
import type { FastifyReply } from 'fastify'
import { isCurrent, isOutdated } from '../http/entity-tags.js'
import { isPercentEncoded } from '../http/percent-encoding.js'
import { projectionParameters } from '../items/projection.js'
import type { Json } from '../json/json.js'
import { ProblemError } from '../problem/problem-error.js'
import type { DynamoDBRequest } from '../storage/request.js'
import type { ApiRequest, Call } from './call.js'
import { type AnswerBody, jsonAnswer } from './serve.js'

/** Errors are covered, too: that an item does not exist may change at any time. */
export function forbidCaching(reply: FastifyReply): void {
  reply.header('cache-control', 'private, no-cache').header('vary', 'Accept, Content-Type, Origin')
}

/**
 * `projection` and `consistentRead` as parameters of DynamoDB.
 * @throws ProblemError
 */
export function readParameters(request: ApiRequest): DynamoDBRequest {
  checkQuery(request)
  const { consistentRead, projection } = request.query
  const ConsistentRead = consistentRead === 'true' ? true : undefined
  if (projection === undefined) return { ConsistentRead }
  const parameters = projectionParameters(projection)
  if (parameters === undefined) {
    throw new ProblemError(
      'InvalidRequest',
      'querystring/projection must be attribute paths, separated by commas, such as status,lines[0].sku; for names that ' +
        'contain white space or one of , . [ ] use a projectionExpression of get or query',
    )
  }
  return { ConsistentRead, ...parameters }
}

/**
 * The query parser leaves a text that is not percent-encoded as it is, and it would be taken for another name or value.
 * @throws ProblemError
 */
export function checkQuery({ url }: ApiRequest): void {
  const start = url.indexOf('?')
  if (start === -1 || isPercentEncoded(url.slice(start))) return
  throw new ProblemError('InvalidRequest', 'querystring is not percent-encoded UTF-8')
}

/**
 * Answers with the current version, or with 304 to a caller that has it already.
 * @param tag its entity tag, which may be weak
 * @throws ProblemError if `If-Match` asks for another version
 */
export function answerVersion(call: Call, body: Json, tag: string): AnswerBody {
  const { request, reply, representation } = call
  if (isOutdated(tag, request.headers)) {
    throw new ProblemError(
      'ConditionalCheckFailedException',
      'The resource has none of the entity tags in headers/if-match',
    )
  }
  reply.header('etag', tag)
  if (!isCurrent(opaqueTag(tag), request.headers)) return jsonAnswer(call, 200, body)
  reply.code(304).header('content-type', representation.mediaType)
  // The Content-Length of an answer to HEAD must be that of the body, or absent (RFC 9110, section 8.6).
  return request.method === 'HEAD' ? body : undefined
}

/** Weak comparison is about the tag without `W/` (RFC 9110, section 8.8.3.2). */
function opaqueTag(tag: string): string {
  return tag.startsWith('W/') ? tag.slice(2) : tag
}
