/** The rules of the policy file that its schema cannot say. */
import { operations } from '../storage/operations.js'
import { GROUPS } from './grant.js'
import { isExact, parseTemplate } from './partition-template.js'
import type { AwsKeyEntry, GrantEntry, KeyEntry, WrittenFile, WrittenJwtEntry } from './policy-schema.js'
import { isSecure, isUrl } from './secure-url.js'

/** Asymmetric algorithms (RFC 7518, section 3.1; RFC 8037). With HS*, whoever verifies tokens could also issue them. */
const ALGORITHMS: ReadonlySet<string> = new Set([
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'],
  ...['EdDSA', 'Ed25519'],
])

/** Actions of IAM that are entries of operations: a condition check of a transaction, and statements. */
const ENTRY_ACTIONS = [
  'ConditionCheckItem',
  'PartiQLSelect',
  'PartiQLInsert',
  'PartiQLUpdate',
  'PartiQLDelete',
]
const ACTIONS: ReadonlySet<string> = new Set([...GROUPS, ...Object.keys(operations), ...ENTRY_ACTIONS])

/** The place of a field, from the outside in. */
export type Path = readonly (string | number)[]

export interface Problem {
  readonly path: Path
  /** Completes a sentence that begins with the field. */
  readonly text: string
}

/** What is wrong with a file that fits the schema. */
export function meaningProblems({
  roles = {},
  keys = [],
  awsKeys = [],
  jwt = [],
  anonymous = [],
}: WrittenFile): Problem[] {
  const problems: Problem[] = []
  const add = (path: Path, text: string) => problems.push({ path, text })
  const checkRoles = (path: Path, names: readonly string[]) => {
    for (const [index, name] of names.entries()) {
      if (!Object.hasOwn(roles, name))
        add([...path, index], `names the role ${JSON.stringify(name)}, which is not in roles`)
    }
  }
  for (const [role, grants] of Object.entries(roles)) {
    for (const [index, grant] of grants.entries()) {
      for (const { path, text } of grantProblems(grant)) add(['roles', role, index, ...path], text)
    }
  }
  const ids = new Set<string>()
  const checkHolder = (path: Path, idField: string, id: string, entry: KeyEntry | AwsKeyEntry) => {
    if (ids.has(id)) add([...path, idField], 'is the id of another key, too')
    ids.add(id)
    checkRoles([...path, 'roles'], entry.roles)
    for (const { path: inEntry, text } of holderProblems(entry)) add([...path, ...inEntry], text)
  }
  for (const [index, entry] of keys.entries()) checkHolder(['keys', index], 'id', entry.id, entry)
  for (const [index, entry] of awsKeys.entries()) {
    checkHolder(['awsKeys', index], 'accessKeyId', entry.accessKeyId, entry)
    const { secretAccessKeyEnv, secretAccessKeyFile } = entry
    if ((secretAccessKeyEnv === undefined) === (secretAccessKeyFile === undefined)) {
      add(['awsKeys', index], 'must have either secretAccessKeyEnv or secretAccessKeyFile')
    }
  }
  const issuers = new Set<string>()
  for (const [index, entry] of jwt.entries()) {
    if (issuers.has(`${entry.issuer} ${entry.audience}`)) {
      add(['jwt', index, 'issuer'], 'is there twice with the same audience')
    }
    issuers.add(`${entry.issuer} ${entry.audience}`)
    checkRoles(['jwt', index, 'defaultRoles'], entry.defaultRoles ?? [])
    for (const { path, text } of jwtProblems(entry)) add(['jwt', index, ...path], text)
  }
  checkRoles(['anonymous'], anonymous)
  return problems
}

function holderProblems({ attributes = {}, expires }: KeyEntry | AwsKeyEntry): Problem[] {
  const problems: Problem[] = []
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'number' && !isExact(value)) {
      problems.push({ path: ['attributes', name], text: 'is too large for a number: write it in quotes' })
    }
  }
  if (expires !== undefined && !isDateTime(expires)) {
    problems.push({ path: ['expires'], text: 'must be a time such as 2027-06-30T00:00:00Z' })
  }
  return problems
}

function grantProblems({ tables, actions, partitionKey }: GrantEntry): Problem[] {
  const problems: Problem[] = []
  for (const [index, table] of tables.entries()) {
    if (table.slice(0, -1).includes('*')) {
      problems.push({ path: ['tables', index], text: 'can have a * at its end only' })
    }
  }
  for (const [index, action] of actions.entries()) {
    if (!ACTIONS.has(action)) {
      const text = `must be one of ${GROUPS.join(', ')}, or an operation of DynamoDB such as GetItem`
      problems.push({ path: ['actions', index], text })
    } else if (partitionKey !== undefined && (action === 'scan' || action === 'Scan')) {
      const text = `cannot be ${action} in a grant with partitionKey, since a scan reads all partitions`
      problems.push({ path: ['actions', index], text })
    }
  }
  const template = partitionKey === undefined ? undefined : parseTemplate(partitionKey)
  if (typeof template === 'string') problems.push({ path: ['partitionKey'], text: `must ${template}` })
  return problems
}

function jwtProblems({ issuer, jwks, algorithms }: WrittenJwtEntry): Problem[] {
  const problems: Problem[] = []
  for (const [index, algorithm] of algorithms.entries()) {
    if (!ALGORITHMS.has(algorithm)) {
      const text = `must be one of ${[...ALGORITHMS].join(', ')}`
      problems.push({ path: ['algorithms', index], text })
    }
  }
  const insecure = 'must be an https URL; http is for loopback only'
  if (jwks === 'discover' && !isSecureUrl(issuer)) problems.push({ path: ['issuer'], text: insecure })
  if (isUrl(jwks) && !isSecureUrl(jwks)) problems.push({ path: ['jwks'], text: insecure })
  return problems
}

function isSecureUrl(text: string): boolean {
  return URL.canParse(text) && isSecure(new URL(text))
}

/** RFC 3339, section 5.6. */
function isDateTime(text: string): boolean {
  return (
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i.test(text) &&
    !Number.isNaN(Date.parse(text))
  )
}
