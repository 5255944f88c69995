/**
 * How many connections clients may have, in total and from one address: a connection costs memory and a file descriptor
 * before it sends anything.
 */
import { isIPv6, type Socket } from 'node:net'

export interface MaxConnections {
  readonly maxClientConnections: number
  readonly maxClientConnectionsPerAddress: number
}

/** Beyond the limits, this many more are kept for the time that it takes to refuse them politely. */
const MAX_REFUSED = 128
/** The time that such a connection has to send its request, in ms. */
const REFUSE_MS = 2000

export class ConnectionLimits {
  readonly #limits: MaxConnections
  readonly #byAddress = new Map<string, number>()
  #total = 0
  #refused = 0

  constructor(limits: MaxConnections) {
    this.#limits = limits
  }

  /**
   * Counts a connection until it is closed. False if there are too many: then it lives shortly, to be answered with 503,
   * or is dropped at once if there are too many of these, too.
   */
  enter(socket: Socket): boolean {
    const address = addressOf(socket.remoteAddress ?? '')
    const ofAddress = this.#byAddress.get(address) ?? 0
    const { maxClientConnections, maxClientConnectionsPerAddress } = this.#limits
    if (this.#total < maxClientConnections && ofAddress < maxClientConnectionsPerAddress) {
      this.#total++
      this.#byAddress.set(address, ofAddress + 1)
      socket.once('close', () => {
        this.#leave(address)
      })
      return true
    }
    if (this.#refused >= MAX_REFUSED) {
      socket.destroy()
      return false
    }
    this.#refused++
    const timer = setTimeout(() => socket.destroy(), REFUSE_MS)
    socket.once('close', () => {
      this.#refused--
      clearTimeout(timer)
    })
    return false
  }

  #leave(address: string): void {
    this.#total--
    const left = (this.#byAddress.get(address) ?? 1) - 1
    if (left > 0) this.#byAddress.set(address, left)
    else this.#byAddress.delete(address)
  }
}

/** The address that counts: of IPv6 the first 64 bits, which is what one client gets (RFC 6177). */
export function addressOf(remoteAddress: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(remoteAddress)?.[1]
  if (mapped !== undefined || !isIPv6(remoteAddress)) return mapped ?? remoteAddress
  const [head = '', tail] = (remoteAddress.split('%', 1)[0] ?? '').split('::', 2)
  const groups = head === '' ? [] : head.split(':')
  const rest = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - rest.length)
  return [...groups, ...Array<string>(zeros).fill('0'), ...rest].slice(0, 4).join(':')
}
