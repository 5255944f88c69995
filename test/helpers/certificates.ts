/** Certificates for tests, made by the command `openssl`. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { needsProgram } from './executable.js'

const openssl = needsProgram('OpenSSL', 'openssl', 'openssl')

/** Options for tests that need certificates. Without openssl they are skipped; in CI that is a failure. */
export const needsOpenssl = openssl.options

export interface Pair {
  readonly certFile: string
  readonly keyFile: string
  readonly cert: string
  readonly key: string
}

/**
 * Makes a key and its certificate for 127.0.0.1 and `localhost`, valid for 2 days.
 * @param issuer the authority that signs it; without one, it is an authority itself
 */
export function makeCertificate(folder: string, name: string, issuer?: Pair): Pair {
  const [certFile, keyFile] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)]
  const isAuthority = issuer === undefined ? 'TRUE' : 'FALSE'
  execFileSync(
    openssl.path,
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
      ...['-keyout', keyFile, '-out', certFile, '-subj', `/CN=${name}`],
      ...(issuer === undefined ? [] : ['-CA', issuer.certFile, '-CAkey', issuer.keyFile]),
      ...['-addext', `basicConstraints=critical,CA:${isAuthority}`],
      ...['-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  return { certFile, keyFile, cert: readFileSync(certFile, 'latin1'), key: readFileSync(keyFile, 'latin1') }
}
