import * as Type from 'typebox'
import { NoContent } from './parts/building-blocks.js'
import { NoQuery } from './parts/paths.js'
import type { RouteSchema } from './parts/route-schema.js'

const path = (description: string) => Type.String({ description })

const vary = Type.String({
  description: 'The answer depends on these request headers.',
  examples: ['accept'],
})

export const home = {
  operationId: 'home',
  summary: 'Where to begin',
  description: 'The paths to begin with. Browsers are redirected to the interactive documentation.',
  tags: ['Service'],
  querystring: NoQuery,
  response: {
    // The route writes it as text, on several lines.
    200: Type.Unsafe<string>(
      Type.Object(
        {
          service: Type.String({ description: 'The name of the service.' }),
          documentation: path('The interactive documentation, for browsers.'),
          openapi: path('The description of the API (OpenAPI 3.1).'),
          errors: path('All error codes.'),
          tables: path('The tables that the caller may use.'),
          health: path('The readiness probe.'),
        },
        {
          description: 'The paths to begin with.',
          headers: { vary },
          examples: [
            {
              service: 'dynamodb-storage-service',
              documentation: '/docs',
              openapi: '/openapi.json',
              errors: '/errors',
              tables: '/v1/tables',
              health: '/health/ready',
            },
          ],
        },
      ),
    ),
    302: NoContent('A browser: its `Accept` prefers `text/html`.', {
      location: Type.String({
        description: 'The interactive documentation, relative to the URL of the request.',
        examples: ['docs'],
      }),
      vary,
    }),
  },
} satisfies RouteSchema
