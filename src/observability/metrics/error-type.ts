import { CODES } from '../../../schemas/parts/codes.js'
import { REFUSAL_NAMES } from '../../storage/call/refusal.js'
import type { Failure } from '../../storage/errors.js'

/** What the storage layer calls its own failures; see {@link Failure}. */
const OWN = [
  'NetworkError',
  'TimeoutError',
  'CorruptAnswer',
  'MalformedAnswer',
  'Canceled',
  'RequestTooLarge',
  'UnprocessedKeys',
]

const known: ReadonlySet<string> = new Set([...OWN, ...REFUSAL_NAMES, ...Object.keys(CODES)])

/** `error.type` of an attempt: DynamoDB's name of the exception, or `_OTHER` for one that is not known. */
export function errorTypeOf({ name }: Failure): string {
  return known.has(name) ? name : '_OTHER'
}
