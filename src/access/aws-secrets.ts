/** The secrets of the access keys in the policy file (`awsKeys`): a signature cannot be verified with a hash of them. */
import { PolicyFileError } from './policy-file-error.js'
import type { AwsKeyEntry } from './policy-schema.js'
import { readSmallFile } from './read-small-file.js'

const MAX_SECRET_BYTES = 4096

/** By access key id. */
export type AwsSecrets = ReadonlyMap<string, string>

/**
 * Reads the secrets from the environment or from files, where a line break at the end is not a part of them.
 * @param policyFile its path, for messages
 * @throws PolicyFileError if one is missing, empty or not readable. The message does not quote it.
 */
export async function readSecrets(entries: readonly AwsKeyEntry[], policyFile: string): Promise<AwsSecrets> {
  const secrets = await Promise.all(
    entries.map(async (entry, index) => {
      try {
        return [entry.accessKeyId, await secretOf(entry)] as const
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error)
        throw new PolicyFileError(`${policyFile}: awsKeys[${index}] (${entry.accessKeyId}): ${reason}`)
      }
    }),
  )
  return new Map(secrets)
}

async function secretOf({
  secretAccessKeyEnv: name,
  secretAccessKeyFile: path = '',
}: AwsKeyEntry): Promise<string> {
  if (name !== undefined) {
    const secret = process.env[name]
    if (secret === undefined || secret === '') throw new Error(`the environment variable ${name} is not set`)
    return secret
  }
  const secret = (await readSmallFile(path, MAX_SECRET_BYTES)).replace(/\r?\n$/, '')
  if (secret === '') throw new Error(`${path} is empty`)
  return secret
}
