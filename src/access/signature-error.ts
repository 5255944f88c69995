/** A signature that is not valid; its name is that of DynamoDB's own exception. */
export class SignatureError extends Error {
  override readonly name:
    | 'UnrecognizedClientException'
    | 'InvalidSignatureException'
    | 'MissingAuthenticationTokenException'
    | 'IncompleteSignatureException'

  constructor(name: SignatureError['name'], message: string) {
    super(message)
    this.name = name
  }
}
