/** HTTPS: the certificate and the authorities of clients, from files that are replaced while the service runs. */
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { connect as connectTcp } from 'node:net'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { Agent, request } from 'undici'
import type { Config } from '../../src/config.js'
import { makeCertificate, needsOpenssl, type Pair } from '../helpers/certificates.js'
import { answer, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { type Service, startService } from '../helpers/service.js'
import { scaled } from '../helpers/machine-speed.js'
import { within } from '../helpers/within.js'

/** The service promises 8 s. The tests may run on a busy machine. */
const RELOAD_MS = 20_000
/** What the clients of these tests choose. */
interface ClientOptions {
  readonly cert?: string
  readonly key?: string
  readonly minVersion?: 'TLSv1'
  readonly maxVersion?: 'TLSv1.1' | 'TLSv1.2'
  readonly ciphers?: string
  readonly allowHalfOpen?: boolean
}

const path = '/v1/tables/T/put'
const body = '{"item":{"id":"a"}}'
const folder = t.testdir()

t.test('HTTPS', { ...needsOpenssl, timeout: scaled(120_000) }, async (t) => {
  // Most of the tests wait. Each needs options of its own: tap writes into them.
  t.jobs = 9
  const authority = makeCertificate(folder, 'authority')
  const first = makeCertificate(folder, 'first', authority)
  const second = makeCertificate(folder, 'second', authority)
  const { endpoint } = await startFakeDynamoDB(t, (_received, response) => {
    answer(response, {})
  })

  /** Starts the service with files of its own, which the test may replace. */
  const start = async (t: Test, clientCa?: string, settings: Partial<Config> = {}) => {
    const own = t.testdir()
    const files = {
      tlsCertFile: join(own, 'cert.pem'),
      tlsKeyFile: join(own, 'key.pem'),
      ...(clientCa !== undefined && { tlsClientCaFile: join(own, 'clients.pem') }),
    }
    writeFileSync(files.tlsCertFile, first.cert)
    writeFileSync(files.tlsKeyFile, first.key)
    if (files.tlsClientCaFile !== undefined) writeFileSync(files.tlsClientCaFile, clientCa ?? '')
    return {
      service: await startService(t, { ...files, bodyLimitBytes: 1_000_000, ...settings }, endpoint),
      ...files,
    }
  }
  const agentOf = (t: Test, options: ClientOptions = {}) => {
    const agent = new Agent({ connect: { ca: authority.cert, ...options } })
    t.teardown(() => agent.destroy())
    return agent
  }
  /** Puts an item; resolves to the status. */
  const put = async (service: Service, dispatcher: Agent) => {
    const answered = await request(service.url + path, { method: 'POST', body, dispatcher })
    await answered.body.dump()
    return answered.statusCode
  }
  /** Opens a connection; resolves when the handshake is done. */
  const open = async (service: Service, options: ClientOptions = {}): Promise<TLSSocket> => {
    const socket = connect({ port: Number(new URL(service.url).port), ca: authority.cert, ...options })
    await once(socket, 'secureConnect')
    return socket
  }
  /** The name in the certificate that new connections get. */
  const served = async (service: Service) => {
    const socket = await open(service)
    const { subject } = socket.getPeerCertificate()
    socket.destroy()
    return subject.CN
  }
  const count = (service: Service, text: string) =>
    service.log.filter((line) => JSON.stringify(line).includes(text)).length
  /** Waits for lines of the log; resolves to false if there are none. */
  const logs = (service: Service, lines: number, text: string) =>
    within(RELOAD_MS, () => count(service, text) === lines)
  const INVALID = 'the TLS files are not valid'
  const CHANGED = 'the TLS files have changed'

  t.test('serves requests, by TLS 1.2 at least', { buffered: true }, async (t) => {
    const { service } = await start(t)
    t.match(service.url, /^https:\/\/127\.0\.0\.1:\d+$/)
    t.match(service.log[0], { msg: `Server listening at ${service.url}` })
    t.equal(await put(service, agentOf(t)), 200)
    t.equal(await put(service, agentOf(t, { maxVersion: 'TLSv1.2' })), 200)
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const
    await t.rejects(open(service, old), /protocol version/)
  })

  t.test(
    'uses replaced files for new connections under load, and never broken ones',
    { buffered: true },
    async (t) => {
      const { service, tlsCertFile, tlsKeyFile } = await start(t)
      const kept = new Agent({ connections: 1, connect: { ca: authority.cert } })
      t.teardown(() => kept.destroy())
      const statuses: number[] = []
      let stopped = false
      const load = async (newConnection: () => Agent) => {
        while (!stopped) {
          statuses.push(await put(service, newConnection()))
          await new Promise((resolve) => setTimeout(resolve, 10))
        }
      }
      const loads = [load(() => kept), load(() => agentOf(t))]

      for (const [index, [cert, key]] of [
        [second.cert, first.key] as const,
        [second.cert.slice(0, 200), second.key] as const,
        ['', ''] as const,
      ].entries()) {
        writeFileSync(tlsCertFile, cert)
        writeFileSync(tlsKeyFile, key)
        t.ok(await within(RELOAD_MS, () => count(service, INVALID) > index))
        t.equal(await served(service), 'first')
      }
      rmSync(tlsKeyFile)
      t.ok(await logs(service, 1, 'TLS_KEY_FILE: ENOENT'))
      writeFileSync(tlsCertFile, second.cert)
      writeFileSync(tlsKeyFile, second.key)
      t.ok(await logs(service, 1, CHANGED))
      t.equal(await served(service), 'second')

      stopped = true
      await Promise.all(loads)
      t.ok(statuses.length > 20, `${statuses.length} requests`)
      t.ok(statuses.every((status) => status === 200))
      t.notMatch(JSON.stringify(service.log), /PRIVATE KEY|BEGIN CERT/)
    },
  )

  t.test(
    'with TLS_CLIENT_CA_FILE, only clients with a certificate of these authorities connect',
    { buffered: true },
    async (t) => {
      const clients = makeCertificate(folder, 'clients')
      const others = makeCertificate(folder, 'others')
      const mine = makeCertificate(folder, 'mine', clients)
      const theirs = makeCertificate(folder, 'theirs', others)
      const { service, tlsClientCaFile = '' } = await start(t, clients.cert)
      const by = ({ cert, key }: Pair) => put(service, agentOf(t, { cert, key }))

      t.equal(await by(mine), 200)
      await t.rejects(put(service, agentOf(t)), 'no certificate')
      await t.rejects(by(theirs), 'a certificate of another authority')
      await t.rejects(by(others), 'a self-signed certificate')

      // Without any authority, Node.js would trust all public ones. An error is logged once until it changes.
      for (const [index, broken] of [
        clients.cert + others.cert.slice(0, 300),
        'none',
        others.cert.slice(0, 300),
        '',
      ].entries()) {
        writeFileSync(tlsClientCaFile, broken)
        t.ok(await logs(service, index + 1, INVALID))
        t.equal(await by(mine), 200)
        await t.rejects(by(theirs), 'what was valid stays in use')
      }
      writeFileSync(tlsClientCaFile, clients.cert + others.cert)
      t.ok(await logs(service, 1, CHANGED))
      t.equal(await by(mine), 200)
      t.equal(await by(theirs), 200)

      writeFileSync(tlsClientCaFile, others.cert)
      t.ok(await logs(service, 2, CHANGED))
      await t.rejects(by(mine), 'an authority that was removed')
      t.equal(await by(theirs), 200)
    },
  )

  t.test(
    'does not start with files that are not valid, and names the setting',
    { buffered: true },
    async (t) => {
      const [empty, half] = [`${folder}/empty`, `${folder}/half`]
      writeFileSync(empty, '')
      writeFileSync(half, first.cert.slice(0, 200))
      const { certFile: tlsCertFile, keyFile: tlsKeyFile } = first
      for (const [settings, message] of [
        [{ tlsCertFile: `${folder}/none`, tlsKeyFile }, /TLS_CERT_FILE: ENOENT/],
        [{ tlsCertFile: folder, tlsKeyFile }, /TLS_CERT_FILE: EISDIR/],
        [{ tlsCertFile: empty, tlsKeyFile }, /TLS_CERT_FILE: .*empty has no certificate in PEM/],
        [{ tlsCertFile: half, tlsKeyFile }, /TLS_CERT_FILE: .*half is not a list of certificates/],
        [{ tlsCertFile, tlsKeyFile: empty }, /TLS_KEY_FILE: .*empty has no unencrypted private key/],
        [{ tlsCertFile, tlsKeyFile: second.keyFile }, /TLS_KEY_FILE: .*second\.key does not belong to/],
        [
          { tlsCertFile, tlsKeyFile, tlsClientCaFile: empty },
          /TLS_CLIENT_CA_FILE: .*empty has no certificate/,
        ],
      ] as const) {
        await t.rejects(startService(t, settings, endpoint), { message })
      }
    },
  )

  t.test('survives clients that do not finish a handshake', { buffered: true }, async (t) => {
    const { service } = await start(t)
    const port = Number(new URL(service.url).port)
    /** Sends bytes and waits until the service closes the connection. */
    const speak = (bytes: Buffer) =>
      new Promise((resolve) => {
        const socket = connectTcp(port).resume()
        socket.on('error', () => undefined).on('close', resolve)
        socket.write(bytes)
      })
    for (let count = 0; count < 50; count++) {
      connectTcp(port)
        .on('error', () => undefined)
        .resetAndDestroy()
    }
    const closed = Promise.all([
      speak(Buffer.from('')),
      speak(Buffer.from('GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n')),
      speak(Buffer.from([0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0])),
      speak(Buffer.alloc(100_000, 0xff)),
    ])
    t.equal(await put(service, agentOf(t)), 200)
    await closed
    t.equal(await put(service, agentOf(t)), 200)
  })

  t.test(
    'answers before the body has arrived, to a caller that sends all of it',
    { buffered: true },
    async (t) => {
      const { service } = await start(t)
      const socket = await open(service, { allowHalfOpen: true })
      const ended = once(socket, 'end')
      let received = ''
      socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')))
      socket.write(
        `POST ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 8000000\r\n\r\n`,
      )
      for (let sent = 0; sent < 8_000_000; sent += 1_000_000) {
        socket.write(Buffer.alloc(1_000_000, ' '))
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      await ended
      t.match(received, /^HTTP\/1\.1 413 [\s\S]+\}$/)
      socket.end()
    },
  )

  t.test('answers a caller that has closed its side', { buffered: true }, async (t) => {
    const { service } = await start(t)
    const socket = await open(service, { allowHalfOpen: true })
    let received = ''
    socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')))
    socket.end(`POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
    await once(socket, 'close')
    t.match(received, 'HTTP/1.1 200 OK\r\n')
  })

  t.test('limits connections before their handshake', { buffered: true }, async (t) => {
    const { service } = await start(t, undefined, { maxClientConnections: 2 })
    const sockets = [await open(service), await open(service)]
    await t.rejects(open(service))
    for (const socket of sockets) socket.destroy()
    t.ok(
      await within(RELOAD_MS, () =>
        served(service).then(
          () => true,
          () => false,
        ),
      ),
    )
    // A client that fails its handshake does not count any longer, either.
    for (let failed = 0; failed < 3; failed++) {
      const socket = connectTcp(Number(new URL(service.url).port)).resume()
      socket.on('error', () => undefined).write('GET / HTTP/1.1\r\n\r\n')
      await new Promise((resolve) => socket.on('close', resolve))
    }
    t.ok(
      await within(RELOAD_MS, () =>
        served(service).then(
          () => true,
          () => false,
        ),
      ),
    )
  })

  t.test('stops gracefully with idle connections', { buffered: true }, async (t) => {
    const { service } = await start(t)
    t.equal(await put(service, agentOf(t)), 200)
    const idle = await open(service)
    idle.write('GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n')
    await once(idle, 'data')
    const closed = once(idle.resume(), 'close')
    await service.close()
    await closed
    t.equal(count(service, 'canceling in-flight requests'), 0)
  })
})
