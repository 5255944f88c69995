/** Time to live: after which DynamoDB deletes items by itself. */
import * as Type from 'typebox'
import { Closed, OneOf } from './parts/building-blocks.js'
import { tableErrors } from './parts/errors.js'
import { NoQuery, TablePath } from './parts/paths.js'
import type { RouteSchema } from './parts/route-schema.js'

const TimeToLiveSpecification = Closed(
  {
    attributeName: Type.String({
      description: 'The attribute with the time at which an item expires: a number, in seconds since 1970.',
    }),
    enabled: Type.Boolean(),
  },
  { title: 'TimeToLiveSpecification' },
)

const timeToLiveSpecification = { attributeName: 'expires', enabled: true }

export const describeTimeToLive = {
  operationId: 'describeTimeToLive',
  summary: 'Read when the items of a table expire',
  description: 'DescribeTimeToLive: whether items expire, and which attribute has the time.',
  tags: ['Tables'],
  params: TablePath,
  querystring: NoQuery,
  response: {
    200: Type.Object(
      {
        timeToLiveDescription: Type.Object(
          {
            timeToLiveStatus: OneOf(['ENABLING', 'DISABLING', 'ENABLED', 'DISABLED'], {
              title: 'TimeToLiveStatus',
            }),
            attributeName: Type.Optional(Type.String()),
          },
          { title: 'TimeToLiveDescription' },
        ),
      },
      { examples: [{ timeToLiveDescription: { timeToLiveStatus: 'DISABLED' } }] },
    ),
  },
  errors: ['ResourceNotFoundException'],
} satisfies RouteSchema

export const updateTimeToLive = {
  operationId: 'updateTimeToLive',
  summary: 'Let the items of a table expire',
  description:
    'UpdateTimeToLive: DynamoDB deletes items within a few days of the time that an attribute has. A change takes up to an ' +
    'hour, in which there cannot be another. Only with `TABLE_ADMIN=true`, otherwise 405.',
  tags: ['Tables'],
  params: TablePath,
  querystring: NoQuery,
  body: Closed(
    { timeToLiveSpecification: TimeToLiveSpecification },
    { examples: [{ timeToLiveSpecification }] },
  ),
  response: {
    200: Type.Object(
      { timeToLiveSpecification: TimeToLiveSpecification },
      { title: 'TimeToLiveAnswer', examples: [{ timeToLiveSpecification }] },
    ),
  },
  errors: ['ResourceNotFoundException', ...tableErrors],
} satisfies RouteSchema
