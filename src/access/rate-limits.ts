import type { FastifyBaseLogger } from 'fastify'
export interface Rate {
  readonly requests: number
  readonly per: 'second' | 'minute' | 'hour'
  readonly burst?: number
}
export interface Allowance {
  readonly allowed: boolean
  readonly remaining: number
  readonly retryAfterMs: number
  readonly resetS: number
}
export class RateLimits {
  constructor(_o: { redisUrl?: string | undefined; logger: FastifyBaseLogger }) {}
  take(_p: string, _r: Rate): Allowance | Promise<Allowance> {
    return { allowed: true, remaining: 1, retryAfterMs: 1, resetS: 1 }
  }
  async close(): Promise<void> {}
}
export function rateLimitHeaders(_r: Rate, _a: Allowance): Record<'ratelimit' | 'ratelimit-policy', string> {
  return { ratelimit: '"default";r=1;t=1', 'ratelimit-policy': '"default";q=1;w=1' }
}
