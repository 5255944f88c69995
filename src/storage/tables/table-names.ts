/** Tables that requests and answers name either by the name or by the ARN. */
import { DuplicateKeyError } from '../errors.js'

const TABLE_ARN = /^arn:.*:table\/([^/]+)$/

/** Whether a request names a table by its ARN. The name of a table has no colon. */
export function isArn(nameOrArn: string): boolean {
  return nameOrArn.startsWith('arn:')
}

/** The ARN with another Region, its fourth part ("Amazon Resource Names", IAM User Guide). */
export function inRegion(arn: string, region: string): string {
  const parts = arn.split(':')
  parts[3] = region
  return parts.join(':')
}

/** The name of a table: `T` of `arn:aws:dynamodb:eu-central-1:123456789012:table/T`, and of `T`. */
export function tableName(nameOrArn: string): string {
  const [, name = nameOrArn] = TABLE_ARN.exec(nameOrArn) ?? []
  return name
}

/**
 * The table as the request names it. DynamoDB may answer with the name of a table that was requested by its ARN.
 * @param table as the answer names it
 * @param requested all tables of the request
 */
export function asRequested(table: string, requested: readonly string[]): string {
  if (requested.includes(table)) return table
  return requested.find((other) => tableName(other) === tableName(table)) ?? table
}

/**
 * Refuses a request that names one table both by its name and by its ARN, which would hide two entries with one key.
 * @throws DuplicateKeyError
 */
export function refuseTwoNames(tables: readonly string[]): void {
  for (const table of tables) {
    const name = tableName(table)
    if (name !== table && tables.includes(name)) {
      throw new DuplicateKeyError(`The table ${name} is named twice: as ${table} too`)
    }
  }
}
