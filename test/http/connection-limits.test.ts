/** Which connections count as those of one address. */
import t from 'tap'
import { addressOf } from '../../src/http/connection-limits.js'

t.test('IPv4 addresses count as they are, also within IPv6', async (t) => {
  t.equal(addressOf('192.0.2.1'), '192.0.2.1')
  t.equal(addressOf('::ffff:192.0.2.1'), '192.0.2.1')
})

t.test('IPv6 addresses count by their first 64 bits', async (t) => {
  for (const address of ['2001:db8:0:1::', '2001:db8:0:1::2', '2001:db8:0:1:ffff:ffff:ffff:ffff']) {
    t.equal(addressOf(address), '2001:db8:0:1')
  }
  t.equal(addressOf('2001:db8::1'), '2001:db8:0:0')
  t.equal(addressOf('fe80::1%eth0'), 'fe80:0:0:0')
  t.equal(addressOf('::1'), '0:0:0:0')
})
