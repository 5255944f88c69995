/** A policy file, compiled: who its callers are, and what they may do. Immutable. */
import { idOf, isKey } from './api-keys.js'
import type { Caller } from './caller.js'
import { invalidKey } from './credentials.js'
import type { Grant } from './grant.js'
import { type Attributes, fillIn, parseTemplate, type PartitionTemplate } from './partition-template.js'
import type { PolicyFile } from './policy-file.js'
import type { GrantEntry, KeyEntry } from './policy-schema.js'
import type { VerifiedToken } from './tokens.js'

interface CompiledGrant extends Omit<Grant, 'partition'> {
  readonly template: PartitionTemplate | undefined
}

interface CompiledKey {
  readonly caller: Caller
  readonly sha256: Buffer
  /** On the clock of `Date.now()`. */
  readonly expiresAt: number
}

/** An unknown id takes the same time as a wrong key. */
const NO_KEY = Buffer.alloc(32)

export class Policy {
  /** The caller without credentials; undefined if it may do nothing. */
  readonly anonymous: Caller | undefined
  readonly #roles: ReadonlyMap<string, readonly CompiledGrant[]>
  readonly #keys: ReadonlyMap<string, CompiledKey>
  /** The callers of the tokens that were seen, for as long as these are remembered. */
  readonly #tokens = new WeakMap<VerifiedToken, Caller>()

  constructor({ roles, keys, anonymous }: PolicyFile) {
    this.#roles = new Map(Object.entries(roles).map(([name, grants]) => [name, grants.map(compileGrant)]))
    this.#keys = new Map(keys.map((entry) => [entry.id, this.#compileKey(entry)]))
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

  #compileKey({ id, sha256, roles, attributes = {}, expires, rate }: KeyEntry): CompiledKey {
    const own: Attributes = (name) => (Object.hasOwn(attributes, name) ? attributes[name] : undefined)
    return {
      caller: { principal: id, grants: this.#grantsOf(roles, own), rate },
      sha256: Buffer.from(sha256, 'hex'),
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
