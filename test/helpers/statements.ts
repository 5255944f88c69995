/** PartiQL statements to the service. */
import type { Service } from './service.js'

export const execute = (service: Service, body: object, headers = {}) =>
  service.post('/v1/statements', body, headers)
export const batch = (service: Service, statements: readonly object[], headers = {}) =>
  service.post('/v1/batch/statements', { statements }, headers)
export const transact = (service: Service, transactStatements: readonly object[], more = {}, headers = {}) =>
  service.post('/v1/transact/statements', { transactStatements, ...more }, headers)
