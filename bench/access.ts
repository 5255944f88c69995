/** What access control costs: this service without it, with an API key, and with a token, in alternating turns. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { createKey } from '../src/access/api-keys.js'
import { caseNamed } from './cases.js'
import { compare, median, type Plan } from './compare.js'
import type { Process } from './process.js'
import { type Secured, startSubject } from './subjects.js'

/** As in `against.ts`: each start of a process has a rhythm of its own. */
const STARTS = 5
const ROUNDS = [3, 5] as const
const SUBJECTS = ['key', 'token'] as const

/** Prints the CPU time of `get 400 B` with credentials, divided by that without access control. */
export async function compareAccess(
  upstream: Process,
  generator: Process,
  plan: Plan,
  say: (line: string) => void,
): Promise<void> {
  const get = caseNamed('get 400 B')
  const secured = await prepare()
  const ratios = { key: [] as number[], token: [] as number[] }
  for (let start = 1; start <= STARTS; start++) {
    say(`start ${start} of ${STARTS}`)
    const subjects = [await startSubject('service', upstream, generator)]
    for (const name of SUBJECTS) {
      subjects.push(await startSubject(name, upstream, generator, undefined, undefined, secured[name]))
    }
    const rows = await compare(subjects, [get], { ...plan, rounds: ROUNDS }, () => undefined)
    for (const name of SUBJECTS) ratios[name].push(rows.get(get.name)?.[name].ratio ?? NaN)
    await Promise.all(subjects.map(({ process }) => process.stop()))
  }
  say(`\n${'CPU of get 400 B, with / without'.padEnd(34)}${'median'.padStart(8)}   of ${STARTS} starts`)
  for (const name of SUBJECTS) {
    const each = ratios[name].toSorted((a, b) => a - b).map((ratio) => ratio.toFixed(2))
    say(`${name.padEnd(34)}${median(ratios[name]).toFixed(3).padStart(8)}   ${each.join(' ')}`)
  }
}

/** A policy file with a key and an issuer, whose key set is a file, too. */
async function prepare(): Promise<Readonly<Record<(typeof SUBJECTS)[number], Secured>>> {
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
  return {
    key: { settings, headers: { authorization: `Bearer ${key}` } },
    token: { settings, headers: { authorization: `Bearer ${token}` } },
  }
}
