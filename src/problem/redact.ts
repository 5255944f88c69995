/**
 * AWS's messages name accounts, roles and keys by their ARNs. Callers must not see
 * them, since they identify the operator’s AWS account. The log has the messages unchanged.
 */
import { type Json, parse } from '../json/json.js'
import { arrayOf, elements, members, objectOf } from '../json/parts.js'

// The parts of an ARN ("Amazon Resource Names", IAM User Guide): partition, service, Region, account, resource.
const ARN = /\barn:[\w-]+:([\w-]*):[\w-]*:\d*:([^\s"',;)\]]*)/g
const ACCOUNT = /(\baccounts?(?:\s+ids?)?[\s:=("']*)\d{12}\b/gi

/** The text without ARNs and account ids. A DynamoDB resource keeps its name: `table/Orders`. */
export function redact(text: string): string {
  return text
    .replace(ARN, (_arn, service: string, resource: string) =>
      service === 'dynamodb' ? resource : '(ARN removed)',
    )
    .replace(ACCOUNT, '$1(removed)')
}

/** Cancellation reasons, in a caller's field names, with redacted messages. Items in them stay as they are. */
export function redactReasons(reasons: Json): Json {
  if (!reasons.includes('arn:') && !/account/i.test(reasons.toString('latin1'))) return reasons
  return arrayOf(
    elements(reasons).map((reason) => {
      const fields = members(reason)
      const message = fields.get('message')
      const text = message && parse(message)
      if (typeof text === 'string') fields.set('message', Buffer.from(JSON.stringify(redact(text))))
      return objectOf(fields)
    }),
  )
}
