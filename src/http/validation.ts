/** How requests are validated: by Ajv, which compiles a schema when the first request needs it. */
import { Ajv, type ValidateFunction } from 'ajv'
import type { FastifySchemaCompiler } from 'fastify'
import { SHAPE } from '../items/shape.js'

/**
 * A compiler of schemas whose validators stop at the first mistake and change nothing: nothing is removed, coerced or
 * defaulted.
 * @param check whether the schemas themselves are checked first, which costs more than to compile them
 */
export function createAjv({ check }: { check: boolean }): Ajv {
  return new Ajv({
    removeAdditional: false,
    coerceTypes: false,
    useDefaults: false,
    allErrors: false,
    keywords: [SHAPE],
    meta: check,
    validateSchema: check,
  })
}

/** Fastify would compile the schemas of all routes before it listens. */
export function createValidatorCompiler(): FastifySchemaCompiler<object> {
  let ajv: Ajv | undefined
  return ({ schema }) => {
    let validate: ValidateFunction | undefined
    return (data) => {
      // That they are sound is for the tests to show.
      validate ??= (ajv ??= createAjv({ check: false })).compile(schema)
      return validate(data) || { error: validate.errors ?? [] }
    }
  }
}
