/** The names that DynamoDB has for a request that is not authenticated (Developer Guide, "Error handling with DynamoDB"). */
export type SignatureErrorName =
  'InvalidSignatureException' | 'MissingAuthenticationTokenException' | 'UnrecognizedClientException'

/** A request whose signature does not authenticate it. The message is for its caller, and quotes no secret. */
export class SignatureError extends Error {
  override readonly name: SignatureErrorName

  constructor(name: SignatureErrorName, message: string) {
    super(message)
    this.name = name
  }
}
