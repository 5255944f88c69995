/** Access control: the policy file, which may change at any time, and the callers that it knows. */
import type { IncomingHttpHeaders } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { FastifyBaseLogger } from 'fastify'
import { KEY_PREFIX } from './api-keys.js'
import { type AwsSecrets, readSecrets } from './aws-secrets.js'
import type { Caller } from './caller.js'
import { credentialsOf, unauthenticated } from './credentials.js'
import { Policy } from './policy.js'
import { parsePolicyFile, type PolicyFile } from './policy-file.js'
import { PolicyFileError } from './policy-file-error.js'
import { readSmallFile } from './read-small-file.js'
import { SignatureError } from './signature-error.js'
import { readSignature, type SignedRequest } from './signed-request.js'
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

/** The signature of a request whose body is still to come. */
export interface ExpectedSignature {
  /**
   * The caller that has signed the request.
   * @param body all of it
   * @throws SignatureError
   */
  readonly verify: (body: Buffer) => Caller
}

export class Access {
  /** How often a changed file could not be used. */
  failedReloads = 0
  readonly #file: string
  readonly #options: AccessOptions
  readonly #logger: FastifyBaseLogger
  readonly #poll: NodeJS.Timeout
  #text: string
  #content: PolicyFile
  #secrets: AwsSecrets
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
    const text = await read(file)
    const content = parse(text, file, options)
    return new Access(file, text, content, await readSecrets(content.awsKeys, file), options)
  }

  private constructor(
    file: string,
    text: string,
    content: PolicyFile,
    secrets: AwsSecrets,
    options: AccessOptions,
  ) {
    const { logger } = options
    this.#options = options
    this.#file = file
    this.#text = text
    this.#content = content
    this.#secrets = secrets
    this.#logger = logger
    this.#policy = new Policy(content, secrets)
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

  /**
   * Checks everything about a signed request (`awsKeys`, AWS's Signature Version 4) that can be known before its body has
   * arrived: a request that is refused for its headers is refused without its body.
   * @throws SignatureError
   */
  signatureOf(request: SignedRequest): ExpectedSignature {
    const signature = readSignature(request)
    const key = this.#policy.awsKey(signature.accessKeyId)
    // No access key of the policy file comes with a session.
    if (key === undefined || request.headers['x-amz-security-token'] !== undefined) {
      throw new SignatureError(
        'UnrecognizedClientException',
        'The security token included in the request is invalid.',
      )
    }
    return {
      verify: (body) => {
        key.secret.verify(signature, request, body)
        return key.caller
      },
    }
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
      this.#refused = undefined
      await this.#useSecrets()
      this.#failure = undefined
      return
    }
    // A large invalid file is parsed once, not at each look at it.
    if (text === this.#refused) return
    // The beginning of a file that is being written can be valid, and allow more than the whole file.
    await sleep(SETTLE_MS)
    if ((await read(this.#file)) !== text) return
    this.#refused = text
    const content = parse(text, this.#file, this.#options)
    // A secret that is missing may still appear.
    this.#refused = undefined
    const secrets = await readSecrets(content.awsKeys, this.#file)
    const policy = new Policy(content, secrets)
    const previous = this.#tokens
    this.#tokens = new TokenVerifier(content.jwt, { logger: this.#logger, previous })
    this.#policy = policy
    this.#text = text
    this.#content = content
    this.#secrets = secrets
    this.#failure = undefined
    previous.close()
    this.#logger.info({ file: this.#file }, 'the policy file has changed: the new policy is in force')
  }

  /** Secrets are replaced without a change of the policy file. */
  async #useSecrets(): Promise<void> {
    const { awsKeys } = this.#content
    const secrets = await readSecrets(awsKeys, this.#file)
    if (isDeepStrictEqual(secrets, this.#secrets)) return
    await sleep(SETTLE_MS)
    if (!isDeepStrictEqual(await readSecrets(awsKeys, this.#file), secrets)) return
    this.#policy = new Policy(this.#content, secrets)
    this.#secrets = secrets
    this.#logger.info(
      { file: this.#file },
      'a secret of the policy file has changed: the new one is in force',
    )
  }
}

/** @throws PolicyFileError */
function parse(text: string, file: string, { hasPageTokenSecret }: AccessOptions): PolicyFile {
  const content = parsePolicyFile(text, file)
  if (!hasPageTokenSecret) refusePartitions(content, file)
  return content
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
    return await readSmallFile(path, MAX_FILE_BYTES)
  } catch (error) {
    throw new PolicyFileError(
      `the policy file cannot be read: ${String(error instanceof Error ? error.message : error)}`,
    )
  }
}
