import type { FastifyReply, FastifyRequest } from 'fastify'
import { document, type Representation } from '../items/representation.js'
import {
  AnswerError,
  BatchIncompleteError,
  DuplicateKeyError,
  ImportError,
  KeyMismatchError,
  StorageError,
  WriteConflictError,
} from '../storage/errors.js'
import { PositionExpiredError, StreamNotEnabledError } from '../storage/streams/errors.js'
import { batchProblem, importProblem } from './batch-problem.js'
import { dynamodbError, isOwnProtocol } from './dynamodb-error.js'
import { internalProblem } from './internal-problem.js'
import { ProblemError, problemText } from './problem-error.js'
import { answerProblem, storageProblem, writeConflict } from './storage-problem.js'

/** What the error handler has to know about the DynamoDB call of a request. */
export interface CallState {
  /** Of the items in the answer, errors included; documents until it has been negotiated. */
  representation: Representation
  /** True from the moment at which a write was handed to the storage layer. */
  writes: boolean
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Null for requests that do not call DynamoDB. */
    call: CallState | null
    /** The error that the request was answered with. */
    problem: ProblemError | null
  }
}

/** Answers with `application/problem+json` (RFC 9457), and to a request in DynamoDB's own protocol with an error of that. */
export type SendProblem = (error: unknown, request: FastifyRequest, reply: FastifyReply) => FastifyReply

export interface ErrorSettings {
  /** `PROBLEM_BASE_URL` */
  readonly problemBaseUrl: string
  readonly wireProtocol: boolean
}

/** Creates Fastify's error handler. */
export function createProblemSender({ problemBaseUrl, wireProtocol }: ErrorSettings): SendProblem {
  return (error, request, reply) => {
    const problem = problemOf(error, request.call)
    const { status } = problem
    request.problem = problem
    if (status === 429 || status === 503 || status === 504) {
      reply.header('retry-after', Math.max(1, Math.ceil((problem.retryAfterMs ?? 0) / 1000)))
    }
    if (wireProtocol && isOwnProtocol(request.raw)) {
      const error = dynamodbError(problem, request.id)
      return reply.code(error.status).headers(error.headers).send(error.body)
    }
    if (problem.headers !== undefined) reply.headers(problem.headers)
    return reply
      .code(status)
      .header('content-type', 'application/problem+json')
      .send(Buffer.from(problemText(problem, request.id, request.url, problemBaseUrl)))
  }
}

/** An error handler that throws would leave the answer to Fastify, whose own is no problem. */
function problemOf(error: unknown, call: CallState | null): ProblemError {
  try {
    return toProblem(error, call)
  } catch (bug) {
    return internalProblem(bug, call?.writes ?? false)
  }
}

/** The problem for any error. */
function toProblem(error: unknown, call: CallState | null): ProblemError {
  const { representation = document, writes = false } = call ?? {}
  if (error instanceof ProblemError) return error
  if (error instanceof StorageError) return storageProblem(error, representation)
  if (error instanceof BatchIncompleteError) return batchProblem(error, representation)
  if (error instanceof ImportError) return importProblem(error, error.number ?? 1, representation)
  if (error instanceof WriteConflictError) return writeConflict(error)
  if (error instanceof DuplicateKeyError) return new ProblemError('ValidationException', error.message)
  if (error instanceof KeyMismatchError) return new ProblemError('InvalidRequest', error.message)
  if (error instanceof StreamNotEnabledError) return new ProblemError('StreamNotEnabled', error.message)
  if (error instanceof PositionExpiredError) return new ProblemError('PositionExpired', error.message)
  if (error instanceof AnswerError) return answerProblem(error, writes)
  return internalProblem(error, writes)
}
