import type { ValueType } from './value-types.js'

/** A row of the table of settings. The environment variable's name is the key of the row. */
export interface Setting {
  /** The member of `Config` with the value. Without one, the service only checks the variable for another reader. */
  readonly member?: string
  readonly type: ValueType<unknown>
  /** In the notation of the environment. Without one, the setting may be left out, and its value is `undefined`. */
  readonly default?: string
  /** One or two sentences, in Markdown, with the unit. */
  readonly meaning: string
  /** A value to start from, for a setting without a default. */
  readonly example?: string
  /**
   * The value is secret, or a URL that may have a secret in its user information or its query. Messages show `***`
   * instead.
   */
  readonly secret?: true | 'in-url'
  /** The name in lower case takes precedence, as is the custom for proxies. */
  readonly lowerCaseFirst?: true
}

type Settings = Readonly<Record<string, Setting>>

/** The value of a row: of its type, or `undefined` where there is no default. */
type ValueOf<Row extends Setting> =
  Row['type'] extends ValueType<infer Value>
    ? Row extends { default: string }
      ? Value
      : Value | undefined
    : never

/** The members that the rows of a table name, with their values. */
export type ValuesOf<Table extends Settings> = {
  readonly [
    Name in keyof Table as Table[Name] extends { member: infer Member extends string } ? Member : never
  ]: ValueOf<Table[Name]>
}

export type Environment = Readonly<Record<string, string | undefined>>

/** At least one setting is invalid. The message names each one, its value and the valid values. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly string[]

  constructor(...problems: readonly string[]) {
    super(
      problems.length === 1
        ? problems[0]
        : `${problems.length} settings are invalid:\n${problems.map((problem) => `- ${problem}`).join('\n')}`,
    )
    this.problems = problems
  }
}

/** The setting as it is in the environment, or its default. */
export function textOf(name: string, setting: Setting, env: Environment): string | undefined {
  return env[variableOf(name, setting, env)] ?? setting.default
}

/** The variable of the environment that has the setting. */
function variableOf(name: string, { lowerCaseFirst }: Setting, env: Environment): string {
  const lowerCase = name.toLowerCase()
  return lowerCaseFirst === true && env[lowerCase] !== undefined ? lowerCase : name
}

/** Reads every setting of a table. An invalid one has a problem and no value. */
export function readSettings(
  settings: Settings,
  env: Environment,
): { readonly values: Readonly<Record<string, unknown>>; readonly problems: readonly string[] } {
  const values: Record<string, unknown> = {}
  const problems: string[] = []
  for (const [name, setting] of Object.entries(settings)) {
    const text = textOf(name, setting, env)
    const value = text === undefined ? undefined : setting.type.parse(text)
    if (text !== undefined && value === undefined)
      problems.push(invalid(variableOf(name, setting, env), setting, text))
    else if (setting.member !== undefined) values[setting.member] = value
  }
  return { values, problems }
}

function invalid(name: string, { type, default: standard, secret }: Setting, text: string): string {
  const shown = secret !== undefined ? '***' : JSON.stringify(text)
  const orUnset = standard === undefined ? ', or not set' : ''
  return `${name}=${shown} is invalid: it must be ${type.expected}${orUnset}`
}

/** Whether all these members have been read, and none of them is invalid. */
export function hasAll<Values extends object, Member extends keyof Values & string>(
  values: object,
  members: readonly Member[],
): values is Pick<Values, Member> {
  return members.every((member) => Object.hasOwn(values, member))
}
