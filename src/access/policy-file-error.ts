/** The policy file is not valid. The message has a line for each error, with its place in the file. */
export class PolicyFileError extends Error {
  override readonly name = 'PolicyFileError'
}
