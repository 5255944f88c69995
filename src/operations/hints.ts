/** What a caller can learn from an error of DynamoDB, beyond DynamoDB's own words. Only refused requests come here. */
import { maySee } from '../access/authorize.js'
import { nearestName } from '../config/nearest-name.js'
import { describeKey } from '../items/path-key.js'
import { document, requestRepresentation } from '../items/representation.js'
import type { Json } from '../json/json.js'
import { members } from '../json/parts.js'
import { clip } from '../problem/problem-error.js'
import { storageProblem } from '../problem/storage-problem.js'
import { StorageError } from '../storage/errors.js'
import { mapIn } from '../storage/patch/patch.js'
import { type DynamoDBRequest, elementsOf, textOf } from '../storage/request.js'
import type { Call } from './call.js'

/**
 * The error to answer with: the same one, or a problem that ends with a hint.
 * @param request DynamoDB's request, as far as there is one
 */
export async function withHint(error: unknown, call: Call, request: DynamoDBRequest): Promise<unknown> {
  if (!(error instanceof StorageError)) return error
  const hint = await hintFor(error, call, request)
  if (hint === undefined) return error
  return storageProblem(error, call.representation, hint)
}

async function hintFor(
  { name, message }: StorageError,
  call: Call,
  request: DynamoDBRequest,
): Promise<string | undefined> {
  if (name === 'ResourceNotFoundException') return similarTables(call)
  if (name !== 'ValidationException') return undefined
  const hints = [reservedWord(message), await keyOfTable(message, call, request), typedValues(call, request)]
  const found = hints.filter((hint) => hint !== undefined)
  return found.length === 0 ? undefined : found.join(' ')
}

/** "Attribute name is a reserved keyword; reserved keyword: status" */
function reservedWord(message: string): string | undefined {
  const word = /reserved keyword: ([\w-]+)/.exec(message)?.[1]
  if (word === undefined) return undefined
  const names = JSON.stringify({ [`#${word}`]: word })
  return `Write #${word} instead of ${word}, and add "expressionAttributeNames": ${names}.`
}

/** "The provided key element does not match the schema", "Missing the key id in the item", and the like. */
const ABOUT_THE_KEY = /\bkeys?\b|Invalid attribute value type|parameter type does not match schema type/i

async function keyOfTable(
  message: string,
  { services: { storage }, limits }: Call,
  { TableName, IndexName }: DynamoDBRequest,
): Promise<string | undefined> {
  const table = textOf(TableName)
  if (table === undefined || !ABOUT_THE_KEY.test(message)) return undefined
  try {
    const { key, indexes } = await storage.tableKeys(table, limits)
    const index = textOf(IndexName)
    if (index === undefined) return `The key of the table is ${describeKey(key)}.`
    const ofIndex = indexes.get(index)
    return ofIndex && `The key of the index is ${describeKey(ofIndex)}.`
  } catch {
    // The refusal is what the caller has to know.
    return undefined
  }
}

/** The parameters that hold values of the caller. */
const WITH_VALUES = ['ExpressionAttributeValues', 'Key', 'Item']
const TYPES: ReadonlySet<string> = new Set(['S', 'N', 'B', 'BOOL', 'NULL', 'M', 'L', 'SS', 'NS', 'BS'])

/** `{":x": {"N": "1"}}` in a document is a map with the name `N`. */
function typedValues({ request: { headers } }: Call, request: DynamoDBRequest): string | undefined {
  if (requestRepresentation(headers['content-type']) !== document) return undefined
  for (const [name, value] of valuesIn(request)) {
    const type = typeWritten(value)
    if (type === undefined) continue
    return (
      `The value of ${JSON.stringify(clip(name, 100))} is written with DynamoDB’s type, {"${type}": …}, which a document ` +
      'does not have: write the value alone, or send Content-Type: application/vnd.dynamodb+json.'
    )
  }
  return undefined
}

function* valuesIn(request: DynamoDBRequest): Generator<readonly [name: string, value: Json]> {
  for (const parameter of WITH_VALUES) {
    const values = request[parameter]
    if (Buffer.isBuffer(values)) yield* members(values)
  }
  // Of a statement.
  for (const [index, value] of elementsOf(request['Parameters']).entries()) {
    if (Buffer.isBuffer(value)) yield [`parameters/${index}`, value]
  }
}

/** `N` of `{"M": {"N": {"S": "1"}}}`. */
function typeWritten(value: Json): string | undefined {
  const map = mapIn(value)
  if (map?.size !== 1) return undefined
  const [type = ''] = map.keys()
  return TYPES.has(type) ? type : undefined
}

/** The most tables that are named. */
const MAX_SIMILAR = 3

async function similarTables(call: Call): Promise<string | undefined> {
  const { caller, services, observed, request } = call
  const [first = '', ...others] = observed.tables
  const wanted = request.params['table'] ?? (others.length === 0 ? first : '')
  if (wanted === '') return undefined
  const all = await services.tableNames.get()
  const visible = caller === undefined ? all : all.filter((table) => maySee(caller, table))
  if (visible.includes(wanted)) return undefined
  const similar = similarTo(wanted, visible)
  if (similar.length === 0) return undefined
  const list = new Intl.ListFormat('en-US', { type: 'disjunction' }).format(similar)
  return `Did you mean ${list}? GET /v1/tables lists the tables.`
}

/** The name that differs least, and those that begin with the same name, as `Orders` and `Orders-test` do. */
function similarTo(wanted: string, tables: readonly string[]): readonly string[] {
  const nearest = nearestName(wanted, tables)
  const lower = wanted.toLowerCase()
  const begun = tables.filter((table) => {
    const other = table.toLowerCase()
    const [short, long] = other.length < lower.length ? [other, lower] : [lower, other]
    return short.length > 2 && long.startsWith(short)
  })
  return [...new Set([...(nearest === undefined ? [] : [nearest]), ...begun])].slice(0, MAX_SIMILAR)
}
