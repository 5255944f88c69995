import type { Grant } from './grant.js'
import type { Rate } from './rate.js'

/** Who sent a request, and what the policy file lets it do. Created once for a key or a token, and shared by its requests. */
export interface Caller {
  /** The id of its API key, or `<sub>@<issuer>` of its token; null without credentials. */
  readonly principal: string | null
  /** Those of all its roles. */
  readonly grants: readonly Grant[]
  /** How many requests it may send; undefined for any number. */
  readonly rate: Rate | undefined
}
