/** The command line: what the process is asked to do. Everything else is a setting, which is an environment variable. */
import { parseArgs } from 'node:util'
import { SETTINGS } from './config/settings.js'
import { settingsHelp } from './config/settings-help.js'
import { version } from './package-root.js'

/** What to do: serve, serve with DynamoDB Local, make a key with the arguments of `key`, or only print a text. */
export type Command =
  | { readonly name: 'serve' | 'dev' }
  | { readonly name: 'key'; readonly args: readonly string[] }
  | { readonly name: 'print'; readonly text: string }

/** The arguments are none of ours. The exit code is 2, as a shell's for its own commands. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

const USAGE = `Usage: dynamodb-storage-service [--dev]
       dynamodb-storage-service key <id>

A standalone HTTP microservice in front of DynamoDB.
Without options, it uses the AWS configuration that it finds.

Options:
  --dev          also start DynamoDB Local with demo tables, to try the service; needs Java 17
  -h, --help     list the options and settings
  -v, --version  print the version

Commands:
  key <id>       print a new API key and its entry in the policy file (ACCESS_FILE)
`

const options = {
  dev: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const

/**
 * Reads the arguments after the name of the program.
 * @throws UsageError that names the argument that is not valid
 */
export function readCommandLine(args: readonly string[]): Command {
  // The arguments of `key` are not options: an id may begin with a hyphen.
  if (args[0] === 'key' && args[1] !== '--help') return { name: 'key', args: args.slice(1) }
  const { values, positionals } = parse(args)
  if (values.help === true) return { name: 'print', text: `${USAGE}\n${settingsHelp()}` }
  if (values.version === true) return { name: 'print', text: `${version}\n` }
  const [unknown] = positionals
  if (unknown !== undefined) throw usageError(`Unknown command ${JSON.stringify(unknown)}`)
  return { name: values.dev === true ? 'dev' : 'serve' }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    // Node.js continues with a hint about positional arguments, which does not help here.
    const [problem = ''] = (error as Error).message.split('. ')
    throw usageError(problem + settingHint(problem))
  }
}

/** For `--port`, the setting `PORT`. */
function settingHint(problem: string): string {
  const name = /'--([\w-]+)/.exec(problem)?.[1]?.replaceAll('-', '_').toUpperCase()
  return name !== undefined && Object.hasOwn(SETTINGS, name)
    ? `. Settings are environment variables: set ${name} instead`
    : ''
}

const usageError = (problem: string) => new UsageError(`${problem}. --help lists the options and settings.`)
