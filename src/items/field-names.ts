/**
 * Field names: DynamoDB writes `KeyConditionExpression`, this service `keyConditionExpression`. Of an
 * abbreviation the whole is lowered (`SSEDescription`, `sseDescription`), as the AWS SDK for Java does.
 */

const abbreviation = /^(?:sse|kms)(?=[A-Z])/
const leadingCapitals = /^(?:[A-Z]+(?=[A-Z][a-z])|[A-Z])/

/** `tableName` to `TableName`. */
export function toDynamoDBName(name: string): string {
  const start = abbreviation.exec(name)?.[0] ?? name.slice(0, 1)
  return start.toUpperCase() + name.slice(start.length)
}

/** `TableName` to `tableName`. */
export function toFieldName(name: string): string {
  return name.replace(leadingCapitals, (capitals) => capitals.toLowerCase())
}
