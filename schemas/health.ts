import * as Type from 'typebox'
import { NoQuery } from './parts/paths.js'

export const live = {
  operationId: 'live',
  summary: 'Is the process alive?',
  description: '200 as long as the process answers, whatever becomes of DynamoDB.',
  tags: ['Service'],
  querystring: NoQuery,
  response: { 200: Type.Object({ status: Type.Literal('live') }, { examples: [{ status: 'live' }] }) },
}

export const ready = {
  operationId: 'ready',
  summary: 'Can requests be served?',
  description: '200 if DynamoDB answers too; 503 if it does not, or while the service shuts down.',
  tags: ['Service'],
  querystring: NoQuery,
  response: { 200: Type.Object({ status: Type.Literal('ready') }, { examples: [{ status: 'ready' }] }) },
}
