/** The schema of the policy file, as it is written. */
import * as Type from 'typebox'
import type { Static, TProperties } from 'typebox'
import { KEY_ID } from './api-keys.js'

/** `schemas/parts/building-blocks.ts` has the same for the HTTP contract, whose bodies have items. */
const Closed = <Properties extends TProperties>(properties: Properties) =>
  Type.Object(properties, { additionalProperties: false })
const Text = Type.String({ minLength: 1 })

/** Of AWS's own access keys, and others that fit into the header `Authorization`. */
const ACCESS_KEY_ID = /^[\w-]{1,128}$/

const RateSchema = Closed({
  requests: Type.Integer({ minimum: 1, maximum: 1_000_000_000 }),
  per: Type.Enum(['second', 'minute', 'hour']),
  burst: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000_000 })),
})

const GrantSchema = Closed({
  tables: Type.Array(Text, { minItems: 1 }),
  actions: Type.Array(Text, { minItems: 1 }),
  partitionKey: Type.Optional(Text),
})

/** What the holder of a key may do, and until when. */
const holder = {
  roles: Type.Array(Text),
  attributes: Type.Optional(
    Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()])),
  ),
  expires: Type.Optional(Text),
  rate: Type.Optional(RateSchema),
}

const KeySchema = Closed({
  id: Type.String({ pattern: KEY_ID.source }),
  sha256: Type.String({ pattern: '^[0-9A-Fa-f]{64}$' }),
  ...holder,
})

const AwsKeySchema = Closed({
  accessKeyId: Type.String({ pattern: ACCESS_KEY_ID.source }),
  secretAccessKeyEnv: Type.Optional(Text),
  secretAccessKeyFile: Type.Optional(Text),
  ...holder,
})

const JwtSchema = Closed({
  issuer: Text,
  audience: Text,
  jwks: Text,
  algorithms: Type.Array(Text, { minItems: 1 }),
  roles: Type.Optional(Type.Union([Text, Type.Array(Text, { minItems: 1 })])),
  defaultRoles: Type.Optional(Type.Array(Text)),
})

export const FileSchema = Closed({
  roles: Type.Optional(Type.Record(Type.String(), Type.Array(GrantSchema))),
  keys: Type.Optional(Type.Array(KeySchema)),
  awsKeys: Type.Optional(Type.Array(AwsKeySchema)),
  jwt: Type.Optional(Type.Array(JwtSchema)),
  anonymous: Type.Optional(Type.Array(Text)),
})

export type GrantEntry = Static<typeof GrantSchema>
export type KeyEntry = Static<typeof KeySchema>
export type AwsKeyEntry = Static<typeof AwsKeySchema>
/** Before what it leaves out is filled in. */
export type WrittenFile = Static<typeof FileSchema>
export type WrittenJwtEntry = Static<typeof JwtSchema>
