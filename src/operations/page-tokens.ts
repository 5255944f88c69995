/**
 * Page tokens: where the next page begins, as a text that callers send back. A token belongs to one read, its binding:
 * a table, an index, a key condition. With another one it is refused.
 *
 * | without `PAGE_TOKEN_SECRET` | with it |
 * |---|---|
 * | `1`, 12 bytes of SHA-256(binding, position), the position | `2`, a random nonce of 12 bytes, the encrypted position, a tag of 16 bytes |
 *
 * Both are base64url. With a secret the position is encrypted and authenticated by AES-256-GCM (NIST SP 800-38D), with the
 * binding as additional authenticated data. The key is derived from the secret by HKDF (RFC 5869).
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomFillSync,
} from 'node:crypto'
import type { Json } from '../json/json.js'
import { ProblemError } from '../problem/problem-error.js'

const PLAIN = 1
const ENCRYPTED = 2

const DIGEST_BYTES = 12
const NONCE_BYTES = 12
const TAG_BYTES = 16
const CIPHER = 'aes-256-gcm'
const KEY_BYTES = 32
/** Separates these keys from any others that are ever derived from the same secret. */
const KEY_PURPOSE = 'dynamodb-storage-service page tokens'

export class PageTokens {
  /** The first one encrypts; each of them decrypts. Empty without a secret. */
  readonly #keys: readonly KeyObject[]

  /** @param secrets `PAGE_TOKEN_SECRET` */
  constructor(secrets: readonly string[] = []) {
    this.#keys = secrets.map((secret) =>
      createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', KEY_PURPOSE, KEY_BYTES))),
    )
  }

  /** Whether tokens are encrypted. */
  get areSecret(): boolean {
    return this.#keys.length > 0
  }

  /**
   * A token for a position, such as the `LastEvaluatedKey` of a page.
   * @param binding what the token belongs to; see `bindingOf`
   */
  create(position: Json, binding: string): string {
    const [key] = this.#keys
    const parts = key === undefined ? sealed(position, binding) : encrypted(position, binding, key)
    return Buffer.concat(parts).toString('base64url')
  }

  /**
   * The position in a token.
   * @param where the request has it, such as `body/pageToken`
   * @throws ProblemError `InvalidPageToken` if {@link create} has not made it for this binding
   */
  open(token: string, binding: string, where: string): Json {
    const position = this.positionIn(token, binding)
    if (position !== undefined) return position
    throw new ProblemError(
      'InvalidPageToken',
      `${where} is not valid here: it was changed, or belongs to another table, index, key condition or segment, or was ` +
        'made with another secret',
    )
  }

  /** The position in a token; undefined if {@link create} has not made it for this binding. */
  positionIn(token: string, binding: string): Json | undefined {
    const bytes = Buffer.from(token, 'base64url')
    // Other texts decode to the same bytes, such as one whose last character has more bits than are used.
    if (bytes.toString('base64url') !== token) return undefined
    return this.#keys.length === 0 ? unsealed(bytes, binding) : this.#decrypted(bytes, binding)
  }

  #decrypted(bytes: Buffer, binding: string): Json | undefined {
    for (const key of this.#keys) {
      const position = decrypted(bytes, binding, key)
      if (position !== undefined) return position
    }
    return undefined
  }
}

function sealed(position: Json, binding: string): Buffer[] {
  return [Buffer.of(PLAIN), digestOf(position, binding), position]
}

function unsealed(bytes: Buffer, binding: string): Json | undefined {
  const digest = bytes.subarray(1, 1 + DIGEST_BYTES)
  const position = bytes.subarray(1 + DIGEST_BYTES)
  return bytes[0] === PLAIN && digest.equals(digestOf(position, binding)) ? position : undefined
}

/** It detects a token that was changed by accident, and not one that was forged. */
function digestOf(position: Json, binding: string): Buffer {
  const hash = createHash('sha256')
    .update(`${Buffer.byteLength(binding)}:${binding}`)
    .update(position)
  return hash.digest().subarray(0, DIGEST_BYTES)
}

function encrypted(position: Json, binding: string, key: KeyObject): Buffer[] {
  const nonce = nextNonce()
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(Buffer.from(binding))
  const content = [cipher.update(position), cipher.final()]
  return [Buffer.of(ENCRYPTED), nonce, ...content, cipher.getAuthTag()]
}

/** Nonces for the next tokens. To draw one of them takes as long as to draw all of them. */
const nonces = Buffer.alloc(512 * NONCE_BYTES)
let usedBytes = nonces.length

/** Valid until the next call. */
function nextNonce(): Buffer {
  if (usedBytes === nonces.length) {
    randomFillSync(nonces)
    usedBytes = 0
  }
  return nonces.subarray(usedBytes, (usedBytes += NONCE_BYTES))
}

function decrypted(bytes: Buffer, binding: string, key: KeyObject): Json | undefined {
  const start = 1 + NONCE_BYTES
  const end = bytes.length - TAG_BYTES
  if (bytes[0] !== ENCRYPTED || end < start) return undefined
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(1, start), { authTagLength: TAG_BYTES })
  decipher.setAAD(Buffer.from(binding))
  decipher.setAuthTag(bytes.subarray(end))
  try {
    return Buffer.concat([decipher.update(bytes.subarray(start, end)), decipher.final()])
  } catch {
    return undefined
  }
}
