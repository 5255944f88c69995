/** Why a token is refused. Each problem is created once: a caller with a bad token may send it any number of times. */
import { errors } from 'jose'
import { JsonError } from '../json/reader.js'
import { ProblemError } from '../problem/problem-error.js'
import { refuseCredentials } from './credentials.js'

/** The description has never a part of the token. */
const refusal = (description: string) => refuseCredentials('invalid_token', description)

export const TOKEN_TOO_LONG = refusal('The token is too long')
export const TOKEN_MALFORMED = refusal('The token is malformed')
export const TOKEN_NAME_TWICE = refusal('The token has the same name twice in one object')
export const TOKEN_CRITICAL = refusal('The token has critical header parameters, which are not supported')
export const TOKEN_TYPE = refusal('The type of the token is not JWT or at+jwt')
export const TOKEN_ISSUER = refusal('The issuer of the token is unknown')
export const TOKEN_AUDIENCE = refusal('The token is for another audience')
const TOKEN_ALGORITHM = refusal('The algorithm of the token is not allowed')
const TOKEN_KEY = refusal('The issuer has no key that fits the token')
const TOKEN_SIGNATURE = refusal('The signature of the token is wrong')
const TOKEN_EXPIRED = refusal('The token has expired')
const TOKEN_NOT_YET = refusal('The token is not valid yet')
const TOKEN_NO_EXPIRY = refusal('The token has no valid exp claim')
export const TOKEN_NO_SUBJECT = refusal('The token has no valid sub claim')

const byClaim: Readonly<Record<string, ProblemError>> = {
  iss: TOKEN_ISSUER,
  aud: TOKEN_AUDIENCE,
  nbf: TOKEN_NOT_YET,
  exp: TOKEN_NO_EXPIRY,
  sub: TOKEN_NO_SUBJECT,
}

const byCode: Readonly<Record<string, ProblemError>> = {
  [errors.JWTExpired.code]: TOKEN_EXPIRED,
  [errors.JOSEAlgNotAllowed.code]: TOKEN_ALGORITHM,
  [errors.JOSENotSupported.code]: TOKEN_ALGORITHM,
  [errors.JWKSNoMatchingKey.code]: TOKEN_KEY,
  [errors.JWSSignatureVerificationFailed.code]: TOKEN_SIGNATURE,
}

/** The problem for any error of a verification. What is not known otherwise is a key that cannot be used. */
export function tokenProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error
  if (error instanceof JsonError) return TOKEN_MALFORMED
  if (error instanceof errors.JWTClaimValidationFailed) return byClaim[error.claim] ?? TOKEN_MALFORMED
  if (error instanceof errors.JWSInvalid || error instanceof errors.JWTInvalid) return TOKEN_MALFORMED
  return error instanceof errors.JOSEError ? (byCode[error.code] ?? TOKEN_KEY) : TOKEN_KEY
}
