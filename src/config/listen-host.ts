import { BlockList, isIP } from 'node:net'
import type { ValueType } from './value-types.js'

/** An address or a host name to listen on. */
export const listenHost: ValueType<string> = {
  expected: 'an address or a host name to listen on, such as 127.0.0.1',
  parse: (text) => {
    if (text === '') return undefined
    // The name may stand for two addresses, and Node.js would listen on the first one only.
    return text === 'localhost' ? '127.0.0.1' : text
  },
}

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8)
loopback.addAddress('::1', 'ipv6')

/** Whether only this machine can reach the address. A host name is never loopback: it may resolve to anything. */
export function isLoopback(host: string): boolean {
  const family = isIP(host)
  return family !== 0 && loopback.check(host, family === 4 ? 'ipv4' : 'ipv6')
}
