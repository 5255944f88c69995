/** `npm run key -- <id>`: prints a new API key and its entry in the policy file. */
import { keyCommand } from '../src/access/key-command.js'

process.exitCode = keyCommand(process.argv.slice(2))
