/** What access control costs: this service without it, with an API key, and with a token, in alternating turns. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { createKey } from '../src/access/api-keys.js'
import type { Plan } from './compare.js'
import type { Process } from './process.js'
import { compareVariants } from './variants.js'

/** Prints the CPU time of `get 400 B` with credentials, divided by that without access control. */
export async function compareAccess(
  upstream: Process,
  generator: Process,
  plan: Plan,
  say: (line: string) => void,
): Promise<void> {
  await compareVariants(await prepare(), upstream, generator, plan, say)
}

/** A policy file with a key and an issuer, whose key set is a file, too. */
async function prepare() {
  const folder = mkdtempSync(join(tmpdir(), 'bench-access-'))
  const { key, entry } = createKey('bench')
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const jwks = join(folder, 'jwks.json')
  writeFileSync(
    jwks,
    JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'bench', alg: 'ES256' }] }),
  )
  const policy = {
    roles: { reader: [{ tables: ['*'], actions: ['read', 'write', 'scan'] }] },
    keys: [{ ...entry, roles: ['reader'] }],
    jwt: [{ issuer: 'https://issuer.test/', audience: 'bench', jwks, algorithms: ['ES256'], roles: 'roles' }],
  }
  const file = join(folder, 'access.json')
  writeFileSync(file, JSON.stringify(policy))
  const token = await new SignJWT({ roles: ['reader'] })
    .setProtectedHeader({ alg: 'ES256', kid: 'bench' })
    .setIssuer('https://issuer.test/')
    .setAudience('bench')
    .setSubject('bench')
    .setExpirationTime('2h')
    .sign(privateKey)
  const settings = { AUTH: 'policy', ACCESS_FILE: file }
  return [
    ['key', { settings, headers: { authorization: `Bearer ${key}` } }],
    ['token', { settings, headers: { authorization: `Bearer ${token}` } }],
  ] as const
}
