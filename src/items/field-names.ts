/**
 * Field names. DynamoDB's are in upper camel case, `KeyConditionExpression`, and this service's in lower camel case,
 * `keyConditionExpression`. An abbreviation is lowered as a whole (`SSEDescription`, `sseDescription`), as in the AWS SDK
 * for Java.
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
