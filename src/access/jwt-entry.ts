/** Tokens of one issuer, as the policy file describes them. */
export interface JwtEntry {
  readonly issuer: string
  readonly audience: string
  /** The URL of its keys (RFC 7517), a file with them, or `discover`. */
  readonly jwks: string
  readonly algorithms: readonly string[]
  /** The claim with the roles: its name, or the path to it. */
  readonly roles: string | readonly string[]
  /** The roles of tokens without that claim. */
  readonly defaultRoles: readonly string[]
}
