/** The queue for sockets: who may use one, in which order, and on whose stack. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { Cancellation } from '../../../src/storage/call/cancellation.js'
import { SocketQueue } from '../../../src/storage/call/socket-queue.js'
import { Storage } from '../../../src/storage/client.js'
import { StorageError } from '../../../src/storage/errors.js'
import { connectionTo, testConfig } from '../../helpers/service.js'
import { scaled } from '../../helpers/machine-speed.js'

/** A queue, the names that have acquired a socket so far, and a way to acquire one. */
function start(sockets: number) {
  const queue = new SocketQueue(sockets)
  const started: string[] = []
  const acquire = (name: string) =>
    queue.acquire(() => {
      started.push(name)
    })
  return { started, acquire }
}

const microtasks = () => new Promise(setImmediate)

t.test('sockets are acquired at once while there are free ones, then in the order of arrival', async (t) => {
  const { started, acquire } = start(2)
  const releases = ['a', 'b', 'c', 'd', 'e'].map(acquire)
  t.same(started, ['a', 'b'])
  releases[1]?.()
  await microtasks()
  t.same(started, ['a', 'b', 'c'])
  releases[0]?.()
  releases[2]?.()
  await microtasks()
  t.same(started, ['a', 'b', 'c', 'd', 'e'])
})

t.test('the next request starts outside the stack of the one that releases its socket', async (t) => {
  const { started, acquire } = start(1)
  const release = acquire('a')
  acquire('b')
  release()
  t.same(started, ['a'])
  await microtasks()
  t.same(started, ['a', 'b'])
})

t.test('a request that arrives just after a release does not overtake the queue', async (t) => {
  const { started, acquire } = start(1)
  const release = acquire('a')
  acquire('b')
  release()
  acquire('c')
  t.same(started, ['a'])
  await microtasks()
  t.same(started, ['a', 'b'])
})

t.test('a request that leaves the queue is not started, and its place goes to the next', async (t) => {
  const { started, acquire } = start(1)
  const release = acquire('a')
  const leave = acquire('b')
  const leaveLate = acquire('c')
  acquire('d')
  leave()
  release()
  leaveLate()
  await microtasks()
  t.same(started, ['a', 'd'])
})

t.test('a socket that is released while the queue becomes empty can be acquired again', async (t) => {
  const { started, acquire } = start(1)
  const release = acquire('a')
  const leave = acquire('b')
  release()
  leave()
  acquire('c')
  t.same(started, ['a', 'c'])
})

t.test('a refused connection does not dispatch the next request from within undici', async (t) => {
  // undici asserts that the queue of a client is empty after it has failed the requests in it. A request that is
  // dispatched while undici still fails others can get into that queue; the assertion then ends the process.
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  const storage = new Storage(
    await connectionTo(`http://127.0.0.1:${port}`),
    testConfig({ maxConnections: 1, maxAttempts: 1 }),
  )
  t.teardown(() => storage.close())
  const send = (signal = new Cancellation()) =>
    storage
      .send('GetItem', { TableName: 'T' }, { deadline: performance.now() + scaled(5000), signal })
      .catch((error: unknown) => (error instanceof StorageError ? error.kind : error))
  for (let round = 0; round < 20; round++) {
    // The second call is canceled while its connection is being refused, so that undici makes another client, which it
    // takes for idle although the third call is connecting on it. The fourth one would be dispatched to that client.
    const cancellation = new Cancellation()
    const first = send()
    const others = [send(cancellation), send(), send()]
    t.equal(await first, 'network')
    cancellation.abort()
    t.same(await Promise.all(others), ['canceled', 'network', 'network'])
  }
})
