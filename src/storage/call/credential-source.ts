import type { Credentials } from './connection.js'

/** Where credentials come from, in the words of an operator. */
export type CredentialSource =
  | 'web identity'
  | 'SSO'
  | 'login session'
  | 'process'
  | 'assumed role'
  | 'container'
  | 'environment'
  | 'instance metadata'
  | 'shared file'

/**
 * The marks that the SDK's providers leave in `$source`. There may be several, such as those of a profile whose
 * `credential_source` is the container: the first of this list tells most.
 */
const marks: readonly (readonly [mark: string, source: CredentialSource])[] = [
  ['WEB_ID', 'web identity'],
  ['SSO', 'SSO'],
  ['LOGIN', 'login session'],
  ['PROCESS', 'process'],
  ['ASSUME_ROLE', 'assumed role'],
  ['HTTP', 'container'],
  ['ENV_VARS', 'environment'],
  ['NAMED_PROVIDER', 'instance metadata'],
  ['PROFILE', 'shared file'],
]

/** The source of credentials that the SDK's chain has found. */
export function sourceOf({ $source = {} }: Credentials): CredentialSource {
  const found = Object.keys($source).join()
  // The provider that reads the instance metadata, the last one of the chain, leaves no mark.
  return marks.find(([mark]) => found.includes(mark))?.[1] ?? 'instance metadata'
}
