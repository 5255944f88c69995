import * as Type from 'typebox'
import { Closed } from './building-blocks.js'

/** `{table}` in a path. */
export const TablePath = Closed({
  table: Type.String({
    minLength: 1,
    description: 'The name or the ARN of the table, percent-encoded.',
    examples: ['Orders'],
  }),
})

/** The route takes no query parameters: one that is sent is refused rather than ignored. */
export const NoQuery = Closed({})
