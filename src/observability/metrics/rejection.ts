import type { Code } from '../../../schemas/parts/codes.js'
import type { ProblemError } from '../../problem/problem-error.js'

/** Why a request was refused before DynamoDB was called. */
export const REJECTIONS = [
  'overload',
  'body_memory',
  'rate_limit',
  'unauthenticated',
  'forbidden',
  'draining',
] as const

export type Rejection = (typeof REJECTIONS)[number]

const byCode: Partial<Record<Code, Rejection>> = {
  TooManyRequests: 'rate_limit',
  Unauthenticated: 'unauthenticated',
  Forbidden: 'forbidden',
}

export function rejectionOf({ shedding, code }: ProblemError): Rejection | undefined {
  return shedding ?? byCode[code]
}
