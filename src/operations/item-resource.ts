/** What the routes of an item as a resource have in common: its two places, and conditions on whether it is there. */
import type { IncomingHttpHeaders } from 'node:http'
import type { TSchema } from 'typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type ItemPath, itemPaths } from '../../schemas/parts/item-paths.js'
import type { Json } from '../json/reader.js'
import { ProblemError } from '../problem/problem.js'
import type { PathKey } from '../items/path-key.js'
import { shapeOf } from '../items/shape.js'
import type { CallLimits } from '../storage/call/limits.js'
import type { DynamoDBRequest } from '../storage/request.js'
import type { KeySchema } from '../storage/tables/key-schemas.js'
import type { Storage } from '../storage/client.js'
import { limitsOf, type Route } from './operation.js'

interface Generic {
  Params: PathKey & { table: string }
  Querystring: { consistentRead?: string; projection?: string }
  Body: Json | undefined
}

export type ItemRequest = FastifyRequest<Generic>

interface ItemRoute {
  readonly method: 'GET' | 'PUT' | 'DELETE'
  readonly schema: (path: ItemPath) => { readonly params: TSchema; readonly body?: TSchema }
  /** Answers the request, for which DynamoDB is called within limits. */
  readonly serve: (
    request: ItemRequest,
    reply: FastifyReply,
    storage: Storage,
    limits: CallLimits,
  ) => Promise<FastifyReply>
}

/** The routes of a method, in tables without and with a sort key. */
export function itemRoute({ method, schema, serve }: ItemRoute): Route {
  return (app) => {
    for (const path of itemPaths) {
      const ofPath = schema(path)
      app.route<Generic>({
        method,
        url: path.url,
        schema: ofPath,
        config: { api: true, body: ofPath.body && shapeOf(ofPath.body), writes: method !== 'GET' },
        handler: (request, reply) => serve(request, reply, app.storage, limitsOf(app, reply)),
      })
    }
  }
}

/** What must be true of the item for a write to be done. */
export type Condition = 'attribute_exists' | 'attribute_not_exists' | undefined

/**
 * The condition that the headers of a write are (RFC 9110, section 13.1): `If-Match: *` or `If-None-Match: *`. All that
 * DynamoDB has no condition for is refused, since to ignore it would be to write where the caller wants nothing written.
 */
export function conditionOf(headers: IncomingHttpHeaders): Condition {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch, 'if-unmodified-since': since } = headers
  for (const [name, value] of [
    ['if-match', ifMatch],
    ['if-none-match', ifNoneMatch],
  ] as const) {
    if (value !== undefined && value.trim() !== '*') throw impossible(name, 'must be *')
  }
  if (since !== undefined) throw impossible('if-unmodified-since', 'must not be there')
  if (ifMatch === undefined) return ifNoneMatch === undefined ? undefined : 'attribute_not_exists'
  if (ifNoneMatch === undefined) return 'attribute_exists'
  throw new ProblemError(
    'InvalidRequest',
    'headers/if-match and headers/if-none-match are never true together',
  )
}

function impossible(name: string, what: string): ProblemError {
  return new ProblemError(
    'InvalidRequest',
    `headers/${name} ${what}: DynamoDB knows neither entity tags nor dates of items; ` +
      'use a conditionExpression of put or delete instead, such as one about a version number',
  )
}

/** The condition as members of DynamoDB's request. Every item has the partition key, so it stands for the item. */
export function conditionMembers(condition: Condition, schema: KeySchema): DynamoDBRequest {
  return (
    (condition && {
      ConditionExpression: `${condition}(#key)`,
      ExpressionAttributeNames: { '#key': schema[0]?.name },
    }) ??
    {}
  )
}
