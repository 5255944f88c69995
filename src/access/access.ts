/** Access control: the policy file, which may change at any time, and the callers that it knows. */
import { readFile } from 'node:fs/promises'
import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyBaseLogger } from 'fastify'
import { KEY_PREFIX } from './api-keys.js'
import type { Caller } from './caller.js'
import { credentialsOf, unauthenticated } from './credentials.js'
import { Policy } from './policy.js'
import { parsePolicyFile, PolicyFileError } from './policy-file.js'
import { TokenVerifier } from './tokens.js'

/** The interval at which the file is looked at, in ms. A watch would miss files on network drives and replaced links. */
const POLL_MS = 2000
const MAX_FILE_BYTES = 1024 * 1024

export class Access {
  /** How often a changed file could not be used. */
  failedReloads = 0
  readonly #file: string
  readonly #logger: FastifyBaseLogger
  readonly #poll: NodeJS.Timeout
  #text: string
  #policy: Policy
  #tokens: TokenVerifier
  /** The last error of a reload: the same one is reported once, not at each look at the file. */
  #failure: string | undefined
  /** The reload that is running, and after it the next one. */
  #reloading: Promise<void> = Promise.resolve()

  /**
   * Reads the policy file.
   * @throws PolicyFileError if it cannot be read, or is not valid
   */
  static async open(file: string, { logger }: { readonly logger: FastifyBaseLogger }): Promise<Access> {
    return new Access(file, await read(file), logger)
  }

  private constructor(file: string, text: string, logger: FastifyBaseLogger) {
    const content = parsePolicyFile(text, file)
    this.#file = file
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

  async #use(text: string): Promise<void> {
    if (text === this.#text) {
      this.#failure = undefined
      return
    }
    const content = parsePolicyFile(text, this.#file)
    const policy = new Policy(content)
    const previous = this.#tokens
    this.#tokens = new TokenVerifier(content.jwt, { logger: this.#logger, previous })
    this.#policy = policy
    this.#text = text
    this.#failure = undefined
    previous.close()
    this.#logger.info({ file: this.#file }, 'the policy file has changed: the new policy is in force')
  }
}

async function read(file: string): Promise<string> {
  let content: Buffer
  try {
    content = await readFile(file)
  } catch (error) {
    throw new PolicyFileError(`the policy file cannot be read: ${(error as Error).message}`)
  }
  if (content.length > MAX_FILE_BYTES) {
    throw new PolicyFileError(
      `${file} is larger than ${MAX_FILE_BYTES} bytes, which no policy file has to be`,
    )
  }
  return content.toString()
}
