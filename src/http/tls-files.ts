/** The certificate of HTTPS, and the authorities of client certificates, from files that may be replaced at any time. */
import { readFile } from 'node:fs/promises'
import type { Server, ServerOptions } from 'node:https'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import type { FastifyBaseLogger } from 'fastify'

/** The interval at which the files are looked at, in ms. A watch would miss files on network drives and replaced links. */
const POLL_MS = 2000

export interface TlsPaths {
  readonly cert: string
  readonly key: string
  /** Only for mutual TLS. */
  readonly clientCa: string | undefined
}

export class TlsFiles {
  readonly #paths: TlsPaths
  #content: SecureContextOptions
  /** The last error: the same one is reported once, not at each look at the files. */
  #failure: string | undefined

  /** @throws Error if a file cannot be read, or if they do not belong together */
  static async open(paths: TlsPaths): Promise<TlsFiles> {
    return new TlsFiles(paths, await read(paths))
  }

  private constructor(paths: TlsPaths, content: SecureContextOptions) {
    this.#paths = paths
    this.#content = content
  }

  /** For `https.createServer`. With `clientCa`, only clients with a certificate of these authorities connect. */
  get serverOptions(): ServerOptions {
    const isMutual = this.#paths.clientCa !== undefined
    return { ...this.#content, requestCert: isMutual, rejectUnauthorized: isMutual }
  }

  /** Uses changed files for new connections, until the server closes. Files that are not valid change nothing. */
  watch(server: Server, logger: FastifyBaseLogger): void {
    const poll = setInterval(() => {
      void this.#look(server, logger)
    }, POLL_MS).unref()
    server.once('close', () => {
      clearInterval(poll)
    })
  }

  async #look(server: Server, logger: FastifyBaseLogger): Promise<void> {
    try {
      const content = await read(this.#paths)
      this.#failure = undefined
      if (JSON.stringify(content) === JSON.stringify(this.#content)) return
      server.setSecureContext(content)
      this.#content = content
      logger.info({ cert: this.#paths.cert }, 'the TLS files have changed: new connections use them')
    } catch (error) {
      const failure = String(error)
      if (failure === this.#failure) return
      this.#failure = failure
      logger.error({ err: error }, 'the TLS files are not valid: the last valid ones stay in use')
    }
  }
}

async function read({ cert, key, clientCa }: TlsPaths): Promise<SecureContextOptions> {
  const [certificate, privateKey, ca] = await Promise.all([
    readFile(cert, 'latin1'),
    readFile(key, 'latin1'),
    clientCa === undefined ? undefined : readFile(clientCa, 'latin1'),
  ])
  const content: SecureContextOptions = {
    cert: certificate,
    key: privateKey,
    minVersion: 'TLSv1.2',
    ...(ca !== undefined && { ca }),
  }
  try {
    createSecureContext(content)
  } catch (error) {
    throw new Error(`${cert} and ${key} are no certificate and its key in PEM: ${String(error)}`, {
      cause: error,
    })
  }
  return content
}
