import type { DescribedRoute } from '../../schemas/parts/route-schema.js'
import { createValidator, MAX_ERRORS } from '../http/validation.js'
import { ProblemError } from '../problem/problem-error.js'
import type { ApiRequest } from './call.js'

/**
 * How a route validates a request: parameters and body together, so that one answer lists all errors, up to
 * {@link MAX_ERRORS}. Request headers are only strings, which the operations check themselves.
 */
export function createValidation({ params, querystring, body }: DescribedRoute) {
  const validateParams = params && createValidator(params, 'params')
  const validateQuery = querystring && createValidator(querystring, 'querystring')
  const validateBody = body && createValidator(body, 'body')

  /**
   * @param bodyErrors errors that were found when the body was read
   * @throws ProblemError
   */
  return (request: ApiRequest, value: object | undefined, bodyErrors: readonly string[]): void => {
    const inParams = validateParams?.(request.params) ?? []
    const inQuery = validateQuery?.(request.query) ?? []
    const inBody = validateBody?.(value) ?? []
    if (inParams.length + inQuery.length + inBody.length + bodyErrors.length === 0) return
    const errors = [...inParams, ...inQuery, ...bodyErrors, ...inBody].slice(0, MAX_ERRORS)
    throw new ProblemError('InvalidRequest', errors.join('; '))
  }
}
