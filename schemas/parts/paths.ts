import * as Type from 'typebox'
import { Closed } from './building-blocks.js'

/** `{table}` in a path. */
export const TablePath = Closed({
  table: Type.String({
    minLength: 1,
    description: 'The name or the ARN of the table, URL-encoded.',
    examples: ['Orders'],
  }),
})

/** These routes take no query parameters; one that is sent is refused rather than ignored. */
export const NoQuery = Closed({})
