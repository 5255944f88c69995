/** How error responses of DynamoDB are classified. */
import t from 'tap'
import { Pieces } from '../../../src/json/pieces.js'
import { readRefusal } from '../../../src/storage/call/refusal.js'
import { type ErrorKind, isRetryable } from '../../../src/storage/errors.js'

const piecesOf = (text: string) => new Pieces([Buffer.from(text)])
const refusalOf = (statusCode: number, body: unknown, isWrite = true) =>
  readRefusal(
    { statusCode, headers: [], body: piecesOf(typeof body === 'string' ? body : JSON.stringify(body)) },
    isWrite,
  )
const named = (name: string) => ({ __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: 'why' })

t.test('a refusal is classified by its name', async (t) => {
  const kinds: [kind: ErrorKind, names: string[]][] = [
    [
      'throttling',
      ['ProvisionedThroughputExceededException', 'ThrottlingException', 'RequestLimitExceeded', 'SlowDown'],
    ],
    ['transient', ['InternalServerError', 'InternalFailure', 'ServiceUnavailable']],
    ['timeout', ['RequestTimeout', 'RequestTimeoutException']],
    [
      'conflict',
      ['TransactionConflictException', 'TransactionInProgressException', 'ReplicatedWriteConflictException'],
    ],
    [
      'credentials',
      [
        'InvalidSignatureException',
        'RequestExpired',
        'ExpiredTokenException',
        'UnrecognizedClientException',
        'InvalidClientTokenId',
        'MissingAuthenticationTokenException',
        'IncompleteSignatureException',
      ],
    ],
    ['access_denied', ['AccessDeniedException', 'AccessDenied', 'NotAuthorized']],
    ['encryption_key', ['KMSAccessDeniedException', 'KMSDisabledException', 'KMSInvalidStateException']],
    [
      'refused',
      ['ValidationException', 'ConditionalCheckFailedException', 'ResourceNotFoundException', 'SomeNewName'],
    ],
  ]
  for (const [kind, names] of kinds) {
    for (const name of names) {
      t.match(refusalOf(400, named(name)), { kind, name, message: 'why', statusCode: 400 })
    }
  }
})

t.test('a refusal without a known name is classified by its status', async (t) => {
  t.match(refusalOf(429, named('SomeNewName')), { kind: 'throttling', name: 'SomeNewName' })
  t.match(refusalOf(500, named('SomeNewName')), { kind: 'transient', name: 'SomeNewName' })
  t.match(refusalOf(429, '<html>'), { kind: 'throttling', name: 'ThrottlingException' })
  t.match(refusalOf(503, ''), { kind: 'transient', name: 'ServiceUnavailable', message: 'status 503' })
  t.match(refusalOf(404, '<html>'), { kind: 'malformed', name: 'MalformedAnswer' })
  t.match(refusalOf(400, 'null'), { kind: 'malformed', name: 'MalformedAnswer' })
  t.match(refusalOf(413, '<html>'), { kind: 'refused', name: 'RequestTooLarge' })
})

t.test('a canceled transaction is classified by the reasons of all its entries', async (t) => {
  const canceled = (CancellationReasons: unknown) =>
    refusalOf(400, { ...named('TransactionCanceledException'), CancellationReasons }).kind
  const codes = (...some: string[]) => canceled(some.map((Code) => ({ Code })))
  t.equal(codes('None', 'ThrottlingError', 'ProvisionedThroughputExceeded'), 'throttling')
  t.equal(codes('TransactionConflict', 'None', 'ThrottlingError'), 'conflict')
  t.equal(codes('TransactionConflict', 'ConditionalCheckFailed'), 'refused')
  t.equal(codes('None'), 'refused')
  t.equal(codes(), 'refused')
  t.equal(canceled(undefined), 'refused')
  t.equal(canceled('nonsense'), 'refused')
  t.equal(canceled([null, {}, { Code: 'TransactionConflict' }]), 'conflict')
})

t.test('only a write that DynamoDB failed at, or is still processing, may have been applied', async (t) => {
  t.equal(refusalOf(500, named('InternalServerError')).maybeApplied, true)
  t.equal(refusalOf(400, named('TransactionInProgressException')).maybeApplied, true)
  t.equal(refusalOf(400, named('ThrottlingException')).maybeApplied, false)
  t.equal(refusalOf(500, named('InternalServerError'), false).maybeApplied, false)
})

t.test('the errors that another attempt may cure are retryable', async (t) => {
  const kinds: ErrorKind[] = [
    'throttling',
    'transient',
    'timeout',
    'network',
    'conflict',
    'checksum',
    'clock_skew',
  ]
  for (const kind of kinds) t.ok(isRetryable(kind), kind)
  const final: ErrorKind[] = [
    'malformed',
    'credentials',
    'no_credentials',
    'access_denied',
    'encryption_key',
    'canceled',
    'refused',
  ]
  for (const kind of final) t.notOk(isRetryable(kind), kind)
})
