/** The policy file: its schema, and how it is read and checked. */
import { dirname, resolve } from 'node:path'
import * as Type from 'typebox'
import type { Static, TProperties } from 'typebox'
import { Compile } from 'typebox/compile'
import { type Document, isNode, LineCounter, parseDocument } from 'yaml'
import { isLoopback } from '../config/listen-host.js'
import { operations } from '../storage/operations.js'
import { KEY_ID } from './api-keys.js'
import { GROUPS } from './grant.js'
import type { JwtEntry } from './jwt-entry.js'
import { parseTemplate } from './partition-template.js'

/** `schemas/parts/building-blocks.ts` has the same for the HTTP contract, whose bodies have items. */
const Closed = <Properties extends TProperties>(properties: Properties) =>
  Type.Object(properties, { additionalProperties: false })
const Text = Type.String({ minLength: 1 })

const RateSchema = Closed({
  requests: Type.Integer({ minimum: 1, maximum: 1_000_000_000 }),
  per: Type.Enum(['second', 'minute', 'hour']),
  burst: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000_000 })),
})

const GrantSchema = Closed({
  tables: Type.Array(Text, { minItems: 1 }),
  actions: Type.Array(Text, { minItems: 1 }),
  partitionKey: Type.Optional(Text),
})

const KeySchema = Closed({
  id: Type.String({ pattern: KEY_ID.source }),
  sha256: Type.String({ pattern: '^[0-9A-Fa-f]{64}$' }),
  roles: Type.Array(Text),
  attributes: Type.Optional(
    Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()])),
  ),
  expires: Type.Optional(Text),
  rate: Type.Optional(RateSchema),
})

const JwtSchema = Closed({
  issuer: Text,
  audience: Text,
  jwks: Text,
  algorithms: Type.Array(Text, { minItems: 1 }),
  roles: Type.Optional(Type.Union([Text, Type.Array(Text, { minItems: 1 })])),
  defaultRoles: Type.Optional(Type.Array(Text)),
})

const FileSchema = Closed({
  roles: Type.Optional(Type.Record(Type.String(), Type.Array(GrantSchema))),
  keys: Type.Optional(Type.Array(KeySchema)),
  jwt: Type.Optional(Type.Array(JwtSchema)),
  anonymous: Type.Optional(Type.Array(Text)),
})

/** A valid file, with the defaults of its tokens. */
export type PolicyFile = Omit<Static<typeof FileSchema>, 'jwt'> & { readonly jwt: readonly JwtEntry[] }
export type GrantEntry = Static<typeof GrantSchema>
export type KeyEntry = Static<typeof KeySchema>

/** Asymmetric algorithms (RFC 7518, section 3.1; RFC 8037). With HS*, whoever verifies tokens could also issue them. */
const ALGORITHMS: ReadonlySet<string> = new Set([
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'],
  ...['EdDSA', 'Ed25519'],
])

/** DynamoDB's operations (API Reference, version 2012-08-10) that are not called yet, but can be granted already. */
const FURTHER_ACTIONS = [
  ...['UpdateTable', 'UpdateTimeToLive', 'DescribeTimeToLive', 'ExecuteStatement', 'BatchExecuteStatement'],
  ...['ExecuteTransaction', 'PartiQLSelect', 'PartiQLInsert', 'PartiQLUpdate', 'PartiQLDelete'],
]
const ACTIONS: ReadonlySet<string> = new Set([
  ...GROUPS,
  ...Object.keys(operations),
  'ConditionCheckItem',
  ...FURTHER_ACTIONS,
])

/** At most this many errors are reported. */
const MAX_ERRORS = 20

type Path = readonly (string | number)[]

/** The file is not a valid policy. The message has a line for each error, with its place in the file. */
export class PolicyFileError extends Error {
  override readonly name = 'PolicyFileError'
}

/**
 * Reads a policy file from its text, YAML or JSON.
 * @param file its path, for messages and for the relative paths in it
 * @throws PolicyFileError
 */
export function parsePolicyFile(text: string, file: string): PolicyFile {
  const lines = new LineCounter()
  // A name that occurs twice is an error; so is a tree that grows by aliases.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const syntax = document.errors.map(
    ({ message, pos: [start] }) => `${file}:${lines.linePos(start).line}: ${message}`,
  )
  if (syntax.length > 0) throw new PolicyFileError(syntax.slice(0, MAX_ERRORS).join('\n'))

  const value: unknown = document.toJS()
  const compiled = Compile(FileSchema)
  const problems = compiled.Check(value)
    ? meaningProblems(value)
    : compiled.Errors(value).flatMap((error) => structureProblem(error))
  if (problems.length > 0 || !compiled.Check(value)) {
    const texts = problems.map(
      ({ path, text }) => `${file}:${lineOf(document, lines, path)}: ${fieldOf(path)} ${text}`,
    )
    throw new PolicyFileError([...new Set(texts)].slice(0, MAX_ERRORS).join('\n'))
  }
  const jwt = (value.jwt ?? []).map(({ roles = 'roles', defaultRoles = [], ...entry }) => ({
    ...entry,
    roles,
    defaultRoles,
    jwks: jwksOf(entry.jwks, file),
  }))
  return { ...value, jwt }
}

interface Problem {
  readonly path: Path
  /** Completes a sentence that begins with the field. */
  readonly text: string
}

function structureProblem(error: {
  readonly keyword: string
  readonly instancePath: string
  readonly params: object
  readonly message: string
}): readonly Problem[] {
  const path = error.instancePath
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
  switch (error.keyword) {
    // An unknown field is reported once more, as `boolean`: its schema is `false`.
    case 'additionalProperties':
    case 'anyOf':
      return []
    case 'boolean':
      return [{ path, text: 'is an unknown field' }]
    case 'required': {
      const names = 'requiredProperties' in error.params ? error.params.requiredProperties : []
      return Array.isArray(names)
        ? names.map((name) => ({ path: [...path, String(name)], text: 'is missing' }))
        : []
    }
    case 'enum': {
      const values = 'allowedValues' in error.params ? error.params.allowedValues : []
      return [{ path, text: `must be one of ${Array.isArray(values) ? values.join(', ') : ''}` }]
    }
    case 'minLength':
    case 'minItems':
      return [{ path, text: 'must not be empty' }]
    default:
      return [{ path, text: error.message }]
  }
}

/** What a schema cannot say. */
function meaningProblems({
  roles = {},
  keys = [],
  jwt = [],
  anonymous = [],
}: Static<typeof FileSchema>): Problem[] {
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
  for (const [index, { id, roles: names, expires }] of keys.entries()) {
    if (ids.has(id)) add(['keys', index, 'id'], 'is the id of another key, too')
    ids.add(id)
    checkRoles(['keys', index, 'roles'], names)
    if (expires !== undefined && !isDateTime(expires)) {
      add(['keys', index, 'expires'], 'must be a time such as 2027-06-30T00:00:00Z')
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

function jwtProblems({ issuer, jwks, algorithms }: Static<typeof JwtSchema>): Problem[] {
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

function isUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text)
}

/** `https`, or `http` to this machine. */
function isSecureUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname } = new URL(text)
  const isLocal = hostname === 'localhost' || isLoopback(hostname.replace(/^\[|\]$/g, ''))
  return protocol === 'https:' || (protocol === 'http:' && isLocal)
}

/** RFC 3339, section 5.6. */
function isDateTime(text: string): boolean {
  return (
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i.test(text) &&
    !Number.isNaN(Date.parse(text))
  )
}

/** A path is relative to the folder of the policy file. */
function jwksOf(jwks: string, file: string): string {
  return jwks === 'discover' || isUrl(jwks) ? jwks : resolve(dirname(file), jwks)
}

/** The line of a field; of what is around it, if it is missing. */
function lineOf(document: Document, lines: LineCounter, path: Path): number {
  for (let length = path.length; length >= 0; length--) {
    const node: unknown = document.getIn(path.slice(0, length), true)
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
  }
  return 1
}

/** `roles.checkout[0].actions[1]` */
function fieldOf(path: Path): string {
  if (path.length === 0) return 'the file'
  return path
    .map((step, index) =>
      /^\d+$/.test(String(step)) ? `[${step}]` : index === 0 ? String(step) : `.${step}`,
    )
    .join('')
}
