import { createKey, KEY_ID } from './api-keys.js'

/**
 * `key <id>`: prints a new API key, and the entry of the policy file for it as comments. Values are quoted, since YAML
 * would take the id `123` for a number.
 * @returns the exit code: 2 if the arguments are not exactly one valid id
 */
export function keyCommand(args: readonly string[]): number {
  const [id, ...others] = args
  if (id === undefined || others.length > 0 || !KEY_ID.test(id)) {
    process.stderr.write('Usage: key <id>, where the id has 1 to 64 letters, digits and -\n')
    return 2
  }
  const { key, entry } = createKey(id)
  process.stdout.write(`${key}

# The key is shown only this once. Give it to the caller, and add this to the policy file (ACCESS_FILE):
#
# keys:
#   - id: "${entry.id}"
#     sha256: "${entry.sha256}"
#     roles: []
`)
  return 0
}
