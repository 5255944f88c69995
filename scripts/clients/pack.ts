/**
 * `npm run pack:clients`: packs the ready-made clients into `dist/clients`, an archive for npm and a wheel for pip. Without
 * Python 3.11, there is no wheel, and stderr says so; in CI that is an error.
 */
import { packClients } from './packed.js'

process.stdout.write(`${packClients().join('\n')}\n`)
