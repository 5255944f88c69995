/** Access control: the policy file, which may change at any time, and the callers that it knows. */
import { open, stat } from 'node:fs/promises'
import type { IncomingHttpHeaders } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import { KEY_PREFIX } from './api-keys.js'
import type { Caller } from './caller.js'
import { credentialsOf, unauthenticated } from './credentials.js'
import { Policy } from './policy.js'
import { parsePolicyFile, type PolicyFile, PolicyFileError } from './policy-file.js'
import { SignatureError } from './signature-error.js'
import { TokenVerifier } from './tokens.js'

/** The interval at which the file is looked at, in ms. A watch would miss files on network drives and replaced links. */
const POLL_MS = 2000
/** A changed file is used if it is still the same after this time, in ms. */
const SETTLE_MS = 100
const MAX_FILE_BYTES = 1024 * 1024

export interface AccessOptions {
  readonly logger: FastifyBaseLogger
  /** Whether there is a `PAGE_TOKEN_SECRET`, which a grant with a `partitionKey` requires. */
  readonly hasPageTokenSecret: boolean
}

export class Access {
  /** How often a changed file could not be used. */
  failedReloads = 0
  readonly #file: string
  readonly #hasPageTokenSecret: boolean
  readonly #logger: FastifyBaseLogger
  readonly #poll: NodeJS.Timeout
  #text: string
  #policy: Policy
  #tokens: TokenVerifier
  /** The last error of a reload: the same one is reported once, not at each look at the file. */
  #failure: string | undefined
  /** The last text that was not valid. */
  #refused: string | undefined
  /** The reload that is running, and after it the next one. */
  #reloading: Promise<void> = Promise.resolve()

  /**
   * Reads the policy file.
   * @throws PolicyFileError if it cannot be read, or is not valid
   */
  static async open(file: string, options: AccessOptions): Promise<Access> {
    return new Access(file, await read(file), options)
  }

  private constructor(file: string, text: string, { logger, hasPageTokenSecret }: AccessOptions) {
    this.#hasPageTokenSecret = hasPageTokenSecret
    this.#file = file
    const content = this.#parse(text)
    this.#text = text
    this.#logger = logger
    this.#policy = new Policy(content)
    this.#tokens = new TokenVerifier(content.jwt, { logger })
    this.#poll = setInterval(this.#reload, POLL_MS).unref()
    process.on('SIGHUP', this.#reload)
  }

  /** Whether callers without credentials may do anything. */
  get anonymousHasRoles(): boolean {
    return this.#policy.anonymous !== undefined
  }

  /**
   * The caller that sent a request with these headers. A promise for a token that has not been seen lately.
   * @throws ProblemError `Unauthenticated`; `InvalidRequest` for two credentials; `ServiceUnavailable` if the keys of an
   * issuer cannot be fetched
   */
  authenticate(headers: IncomingHttpHeaders): Caller | Promise<Caller> {
    const credentials = credentialsOf(headers)
    const policy = this.#policy
    if (credentials === undefined) {
      if (policy.anonymous === undefined) throw unauthenticated
      return policy.anonymous
    }
    if (credentials.startsWith(KEY_PREFIX)) return policy.callerOfKey(credentials)
    const token = this.#tokens.verify(credentials)
    return token instanceof Promise
      ? token.then((verified) => policy.callerOfToken(verified))
      : policy.callerOfToken(token)
  }

  /** @throws SignatureError */
  callerOfSignedRequest(
    // eslint-disable-next-line @typescript-eslint/no-unused-vars
    _request: { method: string; url: string; headers: IncomingHttpHeaders; rawHeaders: readonly string[] },
    // eslint-disable-next-line @typescript-eslint/no-unused-vars
    _body: Buffer,
  ): Caller {
    throw new SignatureError(
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
    )
  }

  async close(): Promise<void> {
    clearInterval(this.#poll)
    process.off('SIGHUP', this.#reload)
    await this.#reloading
    this.#tokens.close()
  }

  readonly #reload = (): void => {
    this.#reloading = this.#reloading.then(async () => {
      try {
        await this.#use(await read(this.#file))
      } catch (error) {
        const failure = String(error)
        if (failure === this.#failure) return
        this.#failure = failure
        this.failedReloads++
        this.#logger.error(
          { err: error },
          'the policy file is not valid: the last valid policy stays in force',
        )
      }
    })
  }

  /** @throws PolicyFileError */
  #parse(text: string): PolicyFile {
    const content = parsePolicyFile(text, this.#file)
    if (!this.#hasPageTokenSecret) refusePartitions(content, this.#file)
    return content
  }

  async #use(text: string): Promise<void> {
    if (text === this.#text) {
      this.#failure = undefined
      this.#refused = undefined
      return
    }
    // A large invalid file is parsed once, not at each look at it.
    if (text === this.#refused) return
    // The beginning of a file that is being written can be valid, and allow more than the whole file.
    await sleep(SETTLE_MS)
    if ((await read(this.#file)) !== text) return
    this.#refused = text
    const content = this.#parse(text)
    const policy = new Policy(content)
    const previous = this.#tokens
    this.#tokens = new TokenVerifier(content.jwt, { logger: this.#logger, previous })
    this.#policy = policy
    this.#text = text
    this.#refused = undefined
    this.#failure = undefined
    previous.close()
    this.#logger.info({ file: this.#file }, 'the policy file has changed: the new policy is in force')
  }
}

/**
 * Without a secret, a page token shows the key at which a page ends, and any client can make one for another key.
 * @throws PolicyFileError if a grant has a `partitionKey`
 */
function refusePartitions({ roles }: PolicyFile, file: string): void {
  for (const [role, grants] of Object.entries(roles)) {
    const index = grants.findIndex(({ partitionKey }) => partitionKey !== undefined)
    if (index === -1) continue
    throw new PolicyFileError(
      `${file}: roles.${role}[${index}].partitionKey requires PAGE_TOKEN_SECRET, so that page tokens neither show keys nor ` +
        'can be forged. Set it to the output of: openssl rand -base64 32',
    )
  }
}

/** @throws PolicyFileError if it cannot be read, or is larger than a policy file can be */
async function read(path: string): Promise<string> {
  try {
    // Opening a pipe would wait for somebody who writes to it.
    if (!(await stat(path)).isFile()) throw new PolicyFileError(`${path} is not a file`)
    const file = await open(path)
    try {
      const { size } = await file.stat()
      if (size > MAX_FILE_BYTES) throw new PolicyFileError(`${path} is larger than ${MAX_FILE_BYTES} bytes`)
      return await file.readFile('utf8')
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof PolicyFileError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new PolicyFileError(`the policy file cannot be read: ${reason}`)
  }
}
