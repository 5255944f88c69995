import type { DescribedRoute } from '../../schemas/parts/route-schema.js'
import { createValidator, listOf } from '../http/validation.js'
import { ProblemError } from '../problem/problem-error.js'
import type { ApiRequest } from './call.js'

/**
 * How a route validates a request: parameters and body together, so that one answer lists the errors of all,
 * as {@link listOf} does. Request headers are only strings, which the operations check themselves.
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
    throw new ProblemError('InvalidRequest', listOf([...inParams, ...inQuery, ...bodyErrors, ...inBody]))
  }
}
