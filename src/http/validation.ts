/**
 * Validation against TypeBox schemas. A schema is compiled when the first request needs it, since compiling all of them
 * would delay the start.
 */
import type { FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { Settings } from 'typebox/system'
import { didYouMean } from '../config/nearest-name.js'
import { stepsOf } from '../json/pointer.js'
import { clip, ProblemError } from '../problem/problem-error.js'

/** The most errors that one answer lists. */
const MAX_ERRORS = 10
// TypeBox reports some errors twice, once for the value and once for the object around it.
Settings.Set({ maxErrors: 4 * MAX_ERRORS })

/** Returns texts that say what is wrong with a value; none if it is valid. */
export type Validate = (value: unknown) => readonly string[]

const NONE: readonly string[] = []

/** @param part what the value is, as its errors name it, such as `body` */
export function createValidator(schema: TSchema, part: string): Validate {
  let compiled: ReturnType<typeof Compile> | undefined
  return (value) => {
    compiled ??= Compile(schema)
    if (compiled.Check(value)) return NONE
    const errors = compiled.Errors(value) as readonly ValidationError[]
    const enums = new Set(errors.flatMap((error) => (error.keyword === 'enum' ? [error.instancePath] : [])))
    return errors
      .filter(({ keyword, instancePath }) => keyword !== 'type' || !enums.has(instancePath))
      .flatMap((error) => explain(error, part, value, namesOf(schema)))
  }
}

/** The first errors as one text, which says whether there are more. */
export function listOf(errors: readonly string[]): string {
  const more = errors.length > MAX_ERRORS ? ['and more'] : []
  return [...errors.slice(0, MAX_ERRORS), ...more].join('; ')
}

interface ValidationError {
  readonly keyword: string
  /** A JSON Pointer (RFC 6901). */
  readonly instancePath: string
  readonly params: Readonly<Record<string, unknown>>
  readonly message: string
}

/** One error in plain words, or several, or none where another error says the same. */
function explain(
  { keyword, instancePath, params, message }: ValidationError,
  part: string,
  value: unknown,
  names: readonly string[],
): readonly string[] {
  const at = part + clip(instancePath)
  switch (keyword) {
    // An unknown field is reported as `boolean`, since its schema is `false`.
    case 'additionalProperties':
      return []
    case 'boolean': {
      const [name = '', ...inner] = stepsOf(instancePath)
      const meant = inner.length === 0 ? didYouMean(name, names) : ''
      return [
        `${part}${clip(parentOf(instancePath))} has an unknown field ${quote(stepsOf(instancePath).at(-1))}${meant}`,
      ]
    }
    case 'required':
      return namesIn(params['requiredProperties']).map((name) => `${at} must have the field "${name}"`)
    case 'enum':
      return [
        `${at} must be one of ${namesIn(params['allowedValues']).join(', ')}, not ${quote(valueAt(value, instancePath))}`,
      ]
    case 'type':
      return [`${at} must be ${withArticle(String(params['type']))}`]
    case 'minItems':
    case 'minProperties':
    case 'minLength':
      return [`${at} must not be empty`]
    case 'maxProperties':
      return [`${at} must have exactly one field`]
    case 'maxLength':
      return [`${at} must have at most ${String(params['limit'])} characters`]
    case 'minimum':
      return [`${at} must be at least ${String(params['limit'])}`]
    case 'maximum':
      return [`${at} must be at most ${String(params['limit'])}`]
    case 'pattern':
      return [`${at} must match ${String(params['pattern'])}`]
    default:
      return [`${at} ${message}`]
  }
}

/** The fields of an object, as its schema has them. */
function namesOf({ properties }: { readonly properties?: object }): readonly string[] {
  return Object.keys(properties ?? {})
}

function namesIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : []
}

function withArticle(type: string): string {
  return `${/^[aeio]/.test(type) ? 'an' : 'a'} ${type}`
}

function quote(value: unknown): string {
  return clip(value === undefined ? 'undefined' : JSON.stringify(value))
}

function parentOf(pointer: string): string {
  return pointer.slice(0, pointer.lastIndexOf('/'))
}

function valueAt(value: unknown, pointer: string): unknown {
  let inner = value
  for (const name of stepsOf(pointer)) {
    inner =
      typeof inner === 'object' && inner !== null
        ? Object.entries(inner).find(([n]) => n === name)?.[1]
        : undefined
  }
  return inner
}

/** For Fastify: validates the requests of routes outside the API. */
export function createValidatorCompiler(): FastifySchemaCompiler<TSchema> {
  return ({ schema, httpPart = 'request' }) => {
    const validate = createValidator(schema, httpPart)
    return (value) => {
      const errors = validate(value)
      return errors.length === 0 || { error: new ProblemError('InvalidRequest', listOf(errors)) }
    }
  }
}
