/** A policy file, compiled: who its callers are, and what they may do. Immutable. */
import { idOf, isKey } from './api-keys.js'
import type { AwsSecrets } from './aws-secrets.js'
import type { Caller } from './caller.js'
import { invalidKey } from './credentials.js'
import type { Grant } from './grant.js'
import { type Attributes, fillIn, parseTemplate, type PartitionTemplate } from './partition-template.js'
import type { PolicyFile } from './policy-file.js'
import type { AwsKeyEntry, GrantEntry, KeyEntry } from './policy-schema.js'
import { SigningSecret } from './signed-request.js'
import type { VerifiedToken } from './tokens.js'

interface CompiledGrant extends Omit<Grant, 'partition'> {
  readonly template: PartitionTemplate | undefined
}

interface Holder {
  readonly caller: Caller
  /** On the clock of `Date.now()`. */
  readonly expiresAt: number
}

interface CompiledKey extends Holder {
  readonly sha256: Buffer
}

interface CompiledAwsKey extends Holder {
  readonly secret: SigningSecret
}

/** An unknown id takes the same time as a wrong key. */
const NO_KEY = Buffer.alloc(32)

export class Policy {
  /** The caller without credentials; undefined if it may do nothing. */
  readonly anonymous: Caller | undefined
  readonly #roles: ReadonlyMap<string, readonly CompiledGrant[]>
  readonly #keys: ReadonlyMap<string, CompiledKey>
  readonly #awsKeys: ReadonlyMap<string, CompiledAwsKey>
  /** The callers of the tokens that were seen, for as long as these are remembered. */
  readonly #tokens = new WeakMap<VerifiedToken, Caller>()

  /** @param secrets of all its `awsKeys` */
  constructor({ roles, keys, awsKeys, anonymous }: PolicyFile, secrets: AwsSecrets = new Map()) {
    this.#roles = new Map(Object.entries(roles).map(([name, grants]) => [name, grants.map(compileGrant)]))
    this.#keys = new Map(
      keys.map((entry) => [
        entry.id,
        { ...this.#holderOf(entry.id, entry), sha256: Buffer.from(entry.sha256, 'hex') },
      ]),
    )
    this.#awsKeys = new Map(
      awsKeys.map((entry) => {
        const { accessKeyId } = entry
        const secret = secrets.get(accessKeyId)
        if (secret === undefined) throw new TypeError(`there is no secret for ${accessKeyId}`)
        return [
          accessKeyId,
          { ...this.#holderOf(accessKeyId, entry), secret: new SigningSecret(secret) },
        ] as const
      }),
    )
    const none: Attributes = () => undefined
    this.anonymous =
      anonymous.length === 0
        ? undefined
        : { principal: null, grants: this.#grantsOf(anonymous, none), rate: undefined }
  }

  /**
   * The caller with this API key.
   * @throws ProblemError `Unauthenticated`, which does not say what is wrong with the key
   */
  callerOfKey(key: string): Caller {
    const found = this.#keys.get(idOf(key) ?? '')
    if (!isKey(key, found?.sha256 ?? NO_KEY) || found === undefined || found.expiresAt <= Date.now())
      throw invalidKey
    return found.caller
  }

  /** The caller with this access key, and its secret; undefined if there is none, or if it has expired. */
  awsKey(accessKeyId: string): CompiledAwsKey | undefined {
    const found = this.#awsKeys.get(accessKeyId)
    return found !== undefined && found.expiresAt > Date.now() ? found : undefined
  }

  /** The caller with a verified token. Roles that the file does not have grant nothing. */
  callerOfToken(token: VerifiedToken): Caller {
    const known = this.#tokens.get(token)
    if (known !== undefined) return known
    const { principal, roles, claims } = token
    const attributes: Attributes = (name) => (Object.hasOwn(claims, name) ? claims[name] : undefined)
    const caller = { principal, grants: this.#grantsOf(roles, attributes), rate: undefined }
    this.#tokens.set(token, caller)
    return caller
  }

  #holderOf(principal: string, { roles, attributes = {}, expires, rate }: KeyEntry | AwsKeyEntry): Holder {
    const own: Attributes = (name) => (Object.hasOwn(attributes, name) ? attributes[name] : undefined)
    return {
      caller: { principal, grants: this.#grantsOf(roles, own), rate },
      expiresAt: expires === undefined ? Infinity : Date.parse(expires),
    }
  }

  #grantsOf(roles: readonly string[], attributes: Attributes): readonly Grant[] {
    return [...new Set(roles)]
      .flatMap((role) => this.#roles.get(role) ?? [])
      .map(({ tables, actions, template }) => ({
        tables,
        actions,
        partition: template && (fillIn(template, attributes) ?? ('none' as const)),
      }))
  }
}

function compileGrant({ tables, actions, partitionKey }: GrantEntry): CompiledGrant {
  const template = partitionKey === undefined ? undefined : parseTemplate(partitionKey)
  // A file with an invalid template is refused before.
  if (typeof template === 'string') throw new TypeError(`partitionKey must ${template}`)
  return { tables, actions: new Set(actions), template }
}
