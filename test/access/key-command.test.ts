/** The entry that `key <id>` prints is valid in the policy file, whatever the id looks like to YAML. */
import t from 'tap'
import { keyCommand } from '../../src/access/key-command.js'
import { Policy } from '../../src/access/policy.js'
import { parsePolicyFile } from '../../src/access/policy-file.js'

for (const id of ['123', '1e5', '0x1F', 'null', 'true', '-', '---', '2026-01-01']) {
  t.test(`the id ${id} stays a text in YAML`, async (t) => {
    const writes = t.capture(process.stdout, 'write')
    t.equal(keyCommand([id]), 0)
    const output = String(writes()[0]?.args[0])
    const [key = ''] = output.split('\n')
    const entry = output.slice(output.indexOf('# keys:')).replaceAll(/^# ?/gm, '')
    t.equal(new Policy(parsePolicyFile(entry, 'access.yaml')).callerOfKey(key).principal, id)
  })
}
