/** Reads and checks the policy file. */
import { dirname, resolve } from 'node:path'
import { Compile } from 'typebox/compile'
import { type Document, isNode, LineCounter, parseDocument, visit } from 'yaml'
import { stepsOf } from '../json/pointer.js'
import type { JwtEntry } from './jwt-entry.js'
import { PolicyFileError } from './policy-file-error.js'
import { meaningProblems, type Path, type Problem } from './policy-rules.js'
import {
  type AwsKeyEntry,
  FileSchema,
  type GrantEntry,
  type KeyEntry,
  type WrittenJwtEntry,
} from './policy-schema.js'
import { isUrl } from './secure-url.js'

/** The content of a valid file. What it leaves out is empty. */
export interface PolicyFile {
  readonly roles: Readonly<Record<string, readonly GrantEntry[]>>
  readonly keys: readonly KeyEntry[]
  readonly awsKeys: readonly AwsKeyEntry[]
  readonly jwt: readonly JwtEntry[]
  readonly anonymous: readonly string[]
}

/** The claim with the roles, if an entry does not name it. */
const ROLES_CLAIM = 'roles'

/** Compiled when the first file is read. */
let compiledSchema: ReturnType<typeof Compile<typeof FileSchema>> | undefined

/** At most this many errors are reported. */
const MAX_ERRORS = 20

/**
 * Reads a policy file from its text, YAML or JSON.
 * @param file its path, for messages and for the relative paths in it
 * @throws PolicyFileError
 */
export function parsePolicyFile(text: string, file: string): PolicyFile {
  const lines = new LineCounter()
  // A name that occurs twice is an error. A warning is one as well: it is about a tag that is not known.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const syntax = [...document.errors, ...document.warnings].map(
    ({ message, pos: [start] }) => `${file}:${lines.linePos(start).line}: ${message}`,
  )
  if (syntax.length > 0) throw new PolicyFileError(joined(syntax))

  const value = valueOf(document, lines, file)
  const compiled = (compiledSchema ??= Compile(FileSchema))
  const problems = compiled.Check(value) ? meaningProblems(value) : structureProblems(compiled.Errors(value))
  if (problems.length > 0 || !compiled.Check(value)) {
    const texts = problems.map(
      ({ path, text }) => `${file}:${lineOf(document, lines, path)}: ${fieldOf(path)} ${text}`,
    )
    throw new PolicyFileError(joined(texts))
  }
  const { roles = {}, keys = [], awsKeys = [], jwt = [], anonymous = [] } = value
  return {
    roles,
    keys,
    awsKeys: awsKeys.map((entry) => awsKeyEntryOf(entry, file)),
    jwt: jwt.map((entry) => jwtEntryOf(entry, file)),
    anonymous,
  }
}

function joined(texts: readonly string[]): string {
  return [...new Set(texts)].slice(0, MAX_ERRORS).join('\n')
}

/** @throws PolicyFileError for an alias of nothing, and for aliases that make a few lines a huge tree */
function valueOf(document: Document, lines: LineCounter, file: string): unknown {
  try {
    return document.toJS()
  } catch (error) {
    let start = 0
    visit(document, {
      Alias: (_key, { range }) => {
        start = range?.[0] ?? 0
        return visit.BREAK
      },
    })
    const reason = error instanceof Error ? error.message : String(error)
    throw new PolicyFileError(`${file}:${lines.linePos(start).line}: ${reason}`)
  }
}

/** The path of a secret is relative to the folder of the policy file. */
function awsKeyEntryOf(entry: AwsKeyEntry, file: string): AwsKeyEntry {
  const { secretAccessKeyFile: path } = entry
  return path === undefined ? entry : { ...entry, secretAccessKeyFile: resolve(dirname(file), path) }
}

/** The path of a key set is relative to the folder of the policy file. */
function jwtEntryOf(entry: WrittenJwtEntry, file: string): JwtEntry {
  const { jwks, roles = ROLES_CLAIM, defaultRoles = [] } = entry
  const isPath = jwks !== 'discover' && !isUrl(jwks)
  return { ...entry, jwks: isPath ? resolve(dirname(file), jwks) : jwks, roles, defaultRoles }
}

interface StructureError {
  readonly keyword: string
  readonly instancePath: string
  readonly params: object
  readonly message: string
}

/** A value that may have several types has an error for each of them, which is one problem. */
function structureProblems(errors: readonly StructureError[]): readonly Problem[] {
  const types = new Map<string, string>()
  for (const { keyword, instancePath, params } of errors) {
    if (keyword !== 'type' || !('type' in params)) continue
    const others = types.get(instancePath)
    types.set(
      instancePath,
      others === undefined ? String(params.type) : `${others} or ${String(params.type)}`,
    )
  }
  return errors.flatMap((error) => structureProblem(error, types.get(error.instancePath)))
}

/** @param types that the value may have, if it has another one */
function structureProblem(error: StructureError, types: string | undefined): readonly Problem[] {
  const path = stepsOf(error.instancePath)
  switch (error.keyword) {
    // An unknown field is reported once more, as `boolean`: its schema is `false`.
    case 'additionalProperties':
    case 'anyOf':
      return []
    case 'type':
      return [{ path, text: `must be ${types ?? ''}` }]
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
