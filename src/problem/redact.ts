/**
 * Messages without what their readers must not see. AWS's messages name accounts, roles and keys by their ARNs, which
 * identify the operator’s AWS account: callers do not see them, the log has them. Some also quote the signed request,
 * with the session token in it (IAM User Guide, "Troubleshoot Signature Version 4 signing"): nobody sees that.
 */
import { CLOSE_BRACKET, OPEN_BRACKET } from '../json/character-codes.js'
import { skip, type Sliced } from '../json/in-slices.js'
import { type Json, parse } from '../json/json.js'
import { JsonReader } from '../json/reader.js'
import { arrayOf, elements, members, objectOf } from '../json/parts.js'
import { clip } from './problem-error.js'

/** Secrets, each with what is shown instead. Of a signature's input, everything to the end of the message is removed. */
const SECRETS: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/\b(?:canonical[ -](?:string|request)|string[ -]to[ -]sign)\b[\s\S]*/i, '(signed request removed)'],
  [/\bencoded authorization failure message:[\s\S]*/i, '(encoded message removed)'],
  [/\bAWS4-HMAC-SHA256\b[^'"]*/g, '(signature removed)'],
  [
    /\b(authorization|x-api-key|x-amz-(?:credential|security-token|signature)|(?:aws_?)?(?:secret_?access_?key|session_?token)|signature)(['"]?\s?[:=]\s?['"]?)(?:Bearer\s|Basic\s)?[^\s'",;&]+/gi,
    '$1$2(removed)',
  ],
  [/\bBearer\s[\w.~+/=-]+/gi, 'Bearer (removed)'],
  // An API key of this service, a JSON Web Token, and ids of AWS's access keys, roles and users.
  [/\bdss_([A-Za-z\d-]{1,64})_[\w-]{43}/g, 'dss_$1_(removed)'],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '(token removed)'],
  [/\b(?:AKIA|ASIA|AROA|AIDA)[A-Z\d]{12,}/g, '(id removed)'],
]

/** The most characters that are searched, and shown: a message of 10 MB would block all others for a second. */
const MAX_LENGTH = 16 * 1024

/** The text without credentials and signatures, cut off if it is very long. */
export function removeSecrets(text: string): string {
  return SECRETS.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), cut(text))
}

/** Cut between two words: a part of a secret would not be recognized. */
function cut(text: string): string {
  if (text.length <= MAX_LENGTH) return text
  const space = text.lastIndexOf(' ', MAX_LENGTH)
  return `${text.slice(0, space === -1 ? MAX_LENGTH : space)}…`
}

// The parts of an ARN ("Amazon Resource Names", IAM User Guide): partition, service, Region, account, resource.
const ARN = /\barn:[\w-]+:([\w-]*):[\w-]*:\d*:([^\s"',;)\]]*)/g
/** Account ids behind the word that announces them. Elsewhere, 12 digits are more likely a caller's own number. */
const ACCOUNTS =
  /\b(?:account|owner|principal|subscriber|user)s?(?:[ _-]?(?:id|number)s?)?\b[ :=("'[]{0,4}\d{12}\b(?:(?:, ?| and | or )\d{12}\b)*/gi
/** An endpoint that belongs to an account: `123456789012.ddb.eu-central-1.amazonaws.com`. */
const ACCOUNT_HOST = /\b\d{12}(?=\.ddb\.)/g

/** The text without secrets, ARNs and account ids. A DynamoDB resource keeps its name: `table/Orders`. */
export function redact(text: string): string {
  return removeSecrets(text)
    .replace(ARN, (_arn, service: string, resource: string) =>
      service === 'dynamodb' ? resource : '(ARN removed)',
    )
    .replace(ACCOUNTS, (found) => found.replace(/\d{12}/g, '(removed)'))
    .replace(ACCOUNT_HOST, '(removed)')
}

/** The most of a message of a reason that is passed on: there may be a hundred reasons. */
const MAX_REASON = 500

/**
 * Reasons of a cancellation or of throttling, in a caller's field names, with redacted messages of a bounded length. Items in them stay as they
 * are.
 */
export function redactReasons(reasons: Json): Json {
  return arrayOf(elements(reasons).map(redactReason))
}

/** The names of texts, in lower case. */
const TEXTS: ReadonlySet<string> = new Set(['code', 'message', 'reason', 'resource'])

function redactReason(reason: Json): Json {
  const fields = members(reason)
  for (const [name, field] of fields) {
    const text = TEXTS.has(name.toLowerCase()) && parse(field)
    if (typeof text === 'string')
      fields.set(name, Buffer.from(JSON.stringify(clip(redact(text), MAX_REASON))))
  }
  return objectOf(fields)
}

/**
 * The answers to the statements of a batch, an array in DynamoDB's JSON, with the errors among them redacted like reasons.
 * @throws JsonError if it is none
 */
export function* redactErrors(responses: Json): Sliced<Json> {
  const reader = new JsonReader(responses)
  const redacted: Json[] = []
  reader.expect(OPEN_BRACKET)
  for (let first = true; reader.next(CLOSE_BRACKET, first); first = false) {
    reader.peek()
    const start = reader.position
    yield* skip(reader)
    const response = responses.subarray(start, reader.position)
    redacted.push(response.includes('"Error"') ? redactError(response) : response)
  }
  return arrayOf(redacted)
}

function redactError(response: Json): Json {
  const fields = members(response)
  const error = fields.get('Error')
  if (error !== undefined) fields.set('Error', redactReason(error))
  return objectOf(fields)
}
