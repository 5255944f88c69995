/** The certificate of HTTPS, and the authorities of client certificates, from files that may be replaced at any time. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { RequestListener, ServerOptions } from 'node:http'
import { createServer, type Server } from 'node:https'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import type { FastifyBaseLogger } from 'fastify'
import type { Config } from '../config.js'

/** The interval at which the files are looked at, in ms. A watch would miss files on network drives and replaced links. */
const POLL_MS = 2000
/** The time that a client has for the handshake, in ms. Until then, it is not yet known to be an allowed client. */
const HANDSHAKE_MS = 10_000

const BEGIN_CERTIFICATE = '-----BEGIN CERTIFICATE-----'

interface Paths {
  readonly cert: string
  readonly key: string
  /** Only for mutual TLS. */
  readonly clientCa: string | undefined
}

export class TlsFiles {
  readonly #paths: Paths
  readonly #logger: FastifyBaseLogger
  #content: SecureContextOptions
  /** The last error: the same one is reported once, not at each look at the files. */
  #failure: string | undefined
  #looking = false

  /**
   * Reads the files of `TLS_CERT_FILE`, `TLS_KEY_FILE` and `TLS_CLIENT_CA_FILE`; undefined if they are not set.
   * @throws Error that names the setting, if a file cannot be read or is not valid
   */
  static async open(config: Config, logger: FastifyBaseLogger): Promise<TlsFiles | undefined> {
    const { tlsCertFile: cert, tlsKeyFile: key, tlsClientCaFile: clientCa } = config
    if (cert === undefined || key === undefined) return undefined
    const paths = { cert, key, clientCa }
    return new TlsFiles(paths, await readContent(paths), logger)
  }

  private constructor(paths: Paths, content: SecureContextOptions, logger: FastifyBaseLogger) {
    this.#paths = paths
    this.#content = content
    this.#logger = logger
  }

  /**
   * Like `http.createServer`, for HTTPS. With `TLS_CLIENT_CA_FILE`, only clients with a certificate of these authorities
   * connect. New connections use changed files, until the server closes; files that are not valid change nothing.
   */
  readonly createServer = (options: ServerOptions, listener: RequestListener): Server => {
    const isMutual = this.#paths.clientCa !== undefined
    const server = createServer(
      {
        ...options,
        ...this.#content,
        requestCert: isMutual,
        rejectUnauthorized: isMutual,
        handshakeTimeout: HANDSHAKE_MS,
        // As http.createServer does: a caller that closes its side still gets its answer.
        allowHalfOpen: true,
      },
      listener,
    )
    const poll = setInterval(() => {
      void this.#look(server)
    }, POLL_MS).unref()
    server.once('close', () => {
      clearInterval(poll)
    })
    return server
  }

  async #look(server: Server): Promise<void> {
    if (this.#looking) return
    this.#looking = true
    try {
      const content = await readContent(this.#paths)
      this.#failure = undefined
      if (isEqual(content, this.#content)) return
      server.setSecureContext(content)
      this.#content = content
      this.#logger.info({ cert: this.#paths.cert }, 'the TLS files have changed: new connections use them')
    } catch (error) {
      const failure = String(error)
      if (failure === this.#failure) return
      this.#failure = failure
      this.#logger.error({ err: error }, 'the TLS files are not valid: the last valid ones stay in use')
    } finally {
      this.#looking = false
    }
  }
}

function isEqual(a: SecureContextOptions, b: SecureContextOptions): boolean {
  return a.cert === b.cert && a.key === b.key && a.ca === b.ca
}

/**
 * Checks everything that Node.js does not: `createSecureContext` accepts empty files and half of a file, and an empty list
 * of authorities would let in everybody who has a certificate of any public authority.
 */
async function readContent(paths: Paths): Promise<SecureContextOptions> {
  const [cert, key, ca] = await Promise.all([
    readText('TLS_CERT_FILE', paths.cert),
    readText('TLS_KEY_FILE', paths.key),
    paths.clientCa === undefined ? undefined : readText('TLS_CLIENT_CA_FILE', paths.clientCa),
  ])
  const leaf = firstCertificate('TLS_CERT_FILE', paths.cert, cert)
  if (ca !== undefined && paths.clientCa !== undefined) {
    firstCertificate('TLS_CLIENT_CA_FILE', paths.clientCa, ca)
  }
  const privateKey = attempt(`TLS_KEY_FILE: ${paths.key} has no unencrypted private key in PEM`, () =>
    createPrivateKey(key),
  )
  if (!leaf.checkPrivateKey(privateKey)) {
    throw new Error(
      `TLS_KEY_FILE: ${paths.key} does not belong to the first certificate in ${paths.cert} (TLS_CERT_FILE)`,
    )
  }
  const content: SecureContextOptions = { cert, key, minVersion: 'TLSv1.2', ...(ca !== undefined && { ca }) }
  attempt(`TLS_CERT_FILE: ${paths.cert} and ${paths.key} cannot be used`, () => createSecureContext(content))
  return content
}

async function readText(setting: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'latin1')
  } catch (error) {
    throw new Error(`${setting}: ${(error as Error).message}`, { cause: error })
  }
}

/** The first of one or more certificates in PEM (RFC 7468), all of which have to be readable. */
function firstCertificate(setting: string, path: string, text: string): X509Certificate {
  const [first] = attempt(`${setting}: ${path} is not a list of certificates in PEM`, () =>
    text
      .split(BEGIN_CERTIFICATE)
      .slice(1)
      .map((rest) => new X509Certificate(BEGIN_CERTIFICATE + rest)),
  )
  if (first === undefined) throw new Error(`${setting}: ${path} has no certificate in PEM`)
  return first
}

/** Says in general what fails in particular. */
function attempt<Result>(failure: string, work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    throw new Error(`${failure}: ${(error as Error).message}`, { cause: error })
  }
}
