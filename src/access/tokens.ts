import type { FastifyBaseLogger } from 'fastify'
import type { JwtEntry } from './policy-file.js'
export interface VerifiedToken {
  readonly principal: string
  readonly roles: readonly string[]
  readonly claims: Readonly<Record<string, unknown>>
  readonly expiresAt: number
}
export class TokenVerifier {
  constructor(_e: readonly JwtEntry[], _o: { logger: FastifyBaseLogger; previous?: TokenVerifier }) {}
  verify(_t: string): VerifiedToken | Promise<VerifiedToken> {
    throw new Error('x')
  }
  close(): void {}
}
