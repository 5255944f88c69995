/**
 * A random history of a stream, and subscribers that disconnect at random and go on at one of two replicas in turn, while calls
 * fail: each of them gets every change, and those of an item in their order. TEST_SOAK=true runs more of them.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { Storage } from '../../../src/storage/client.js'
import { StorageError } from '../../../src/storage/errors.js'
import type { From } from '../../../src/storage/streams/subscription.js'
import { refuse } from '../../helpers/fake-dynamodb.js'
import { type FakeShard, type FakeStreams, startFakeStreams } from '../../helpers/fake-streams.js'
import { sequence } from '../../helpers/sequence.js'
import { connectionTo, testConfig } from '../../helpers/service.js'
import { subscribe, summary } from '../../helpers/subscriber.js'
import { scaled } from '../../helpers/machine-speed.js'

const SEEDS = process.env['TEST_SOAK'] === 'true' ? 30 : 2
const ITEMS = Array.from({ length: 12 }, (_, n) => `item-${n}`)
const ROUNDS = 60

/** Items are written to the shard that is responsible for them, as in DynamoDB. */
class History {
  readonly versions = new Map(ITEMS.map((item) => [item, 0]))
  readonly #streams: FakeStreams
  readonly #random: () => number
  #stream
  #owners: { readonly shard: FakeShard; readonly items: readonly string[] }[]

  constructor(streams: FakeStreams, random: () => number) {
    this.#streams = streams
    this.#random = random
    this.#stream = streams.enable()
    const [shard] = this.#stream.shards
    this.#owners = shard === undefined ? [] : [{ shard, items: ITEMS }]
  }

  /** @param switches whether the stream may be disabled and another one enabled */
  step(switches: boolean): void {
    const dice = this.#random()
    if (dice < 0.1) this.#split()
    else if (dice < 0.13 && switches) this.#switch()
    for (let count = 0; count < 8; count++) this.#write()
    if (this.#random() < 0.1) this.#streams.generation++
  }

  #write(): void {
    const item = ITEMS[Math.floor(this.#random() * ITEMS.length)] ?? ''
    const owner = this.#owners.find(({ items }) => items.includes(item))
    const version = (this.versions.get(item) ?? 0) + 1
    this.versions.set(item, version)
    if (owner !== undefined) this.#streams.write(owner.shard, item, version)
  }

  /** A shard ends; one shard or two follow. */
  #split(): void {
    const index = Math.floor(this.#random() * this.#owners.length)
    const owner = this.#owners[index]
    if (owner === undefined) return
    const children = this.#streams.split(this.#stream, owner.shard, this.#random() < 0.5 ? 1 : 2)
    const parts = children.map((shard, n) => ({
      shard,
      items: owner.items.filter((_, place) => place % children.length === n),
    }))
    this.#owners.splice(index, 1, ...parts)
  }

  /** The stream is disabled, and another one enabled. */
  #switch(): void {
    this.#streams.disable(this.#stream)
    this.#stream = this.#streams.enable(2)
    this.#owners = this.#stream.shards.map((shard, n) => ({
      shard,
      items: ITEMS.filter((_, place) => place % 2 === n),
    }))
  }
}

/** What one subscriber has taken over all its connections: the versions of each item. */
class Reader {
  readonly taken = new Map<string, number[]>()
  readonly #storages: readonly Storage[]
  readonly #random: () => number
  #from: From
  #connections = 0

  constructor(storages: readonly Storage[], from: From, random: () => number) {
    this.#storages = storages
    this.#from = from
    this.#random = random
  }

  async run(isDone: (reader: Reader) => boolean, onSubscribed: () => void = () => undefined): Promise<void> {
    while (!isDone(this)) {
      const storage = this.#storages[this.#connections++ % this.#storages.length]
      if (storage === undefined) return
      const subscription = await subscribe(storage, 'T', this.#from).catch((error: unknown) => {
        // As a client that is answered with 503.
        if (error instanceof StorageError) return undefined
        throw error
      })
      if (subscription === undefined) continue
      onSubscribed()
      const until = performance.now() + 200 + 1500 * this.#random()
      const timer = setInterval(() => {
        if (performance.now() < until && !isDone(this)) return
        // Also behind nothing that was taken.
        this.#from = { after: subscription.position() }
        subscription.close()
      }, 50)
      try {
        for await (const batch of subscription) {
          const count = this.#random() < 0.1 ? Math.floor(this.#random() * batch.length) : batch.length
          for (const change of batch.slice(0, count)) {
            const [item = '', version] = summary(change).split(' ')
            this.taken.set(item, [...(this.taken.get(item) ?? []), Number(version)])
            this.#from = { after: change.id() }
          }
          if (count < batch.length) break
        }
      } finally {
        clearInterval(timer)
        subscription.close()
      }
    }
  }
}

async function startReplicas(t: Test, streams: FakeStreams): Promise<Storage[]> {
  const storages = []
  for (let count = 0; count < 2; count++) {
    const storage = new Storage(await connectionTo(streams.endpoint), testConfig())
    t.teardown(() => storage.close())
    storages.push(storage)
  }
  return storages
}

for (let seed = 1; seed <= SEEDS; seed++) {
  t.test(
    `every change of history ${seed} comes, once in each place, and in the order of its item`,
    async (t) => {
      const random = sequence(`history ${seed}`)
      const streams = await startFakeStreams(t)
      const history = new History(streams, random)
      streams.page = 20
      streams.fault = (_received, response) => {
        const dice = random()
        if (dice < 0.02) refuse(response, 400, 'ProvisionedThroughputExceededException')
        else if (dice < 0.03) refuse(response, 400, 'LimitExceededException')
        else if (dice < 0.04) refuse(response, 500, 'InternalServerError')
        else if (dice < 0.05) response.socket?.resetAndDestroy()
        else if (dice < 0.052) response.writeHead(200).end('<html>The proxy wishes you a nice day.</html>')
        else return false
        return true
      }
      const storages = await startReplicas(t, streams)
      let isOver = false
      const has = (reader: Reader, versions: ReadonlyMap<string, number>) =>
        ITEMS.every((item) => (reader.taken.get(item)?.at(-1) ?? 0) >= (versions.get(item) ?? 0))
      const isDone = (reader: Reader) => isOver && has(reader, history.versions)

      for (let round = 0; round < 5; round++) history.step(false)
      const whole = [0, 1, 2].map(
        (n) => new Reader(n === 1 ? [...storages].reverse() : storages, 'start', random),
      )
      const late = [0, 1].map(() => new Reader(storages, 'now', random))
      const known: Map<string, number>[] = []
      const running = [
        ...whole.map((reader) => reader.run(isDone)),
        ...late.map((reader, n) =>
          reader.run(isDone, () => {
            known[n] ??= new Map(history.versions)
          }),
        ),
      ]
      for (let round = 0; round < ROUNDS; round++) {
        history.step(true)
        await sleep(100)
      }
      isOver = true
      const ended = await Promise.race([
        Promise.all(running).then(() => true),
        sleep(scaled(60_000), false, { ref: false }),
      ])
      t.ok(ended, 'every subscriber has got the last change of each item')

      for (const item of ITEMS) {
        const all = Array.from({ length: history.versions.get(item) ?? 0 }, (_, n) => n + 1)
        for (const reader of whole) t.strictSame(reader.taken.get(item) ?? [], all, item)
        for (const [n, reader] of late.entries()) {
          const versions = reader.taken.get(item) ?? []
          const first = versions[0] ?? all.length + 1
          t.ok(first <= (known[n]?.get(item) ?? 0) + 1, `${item} from ${first}`)
          t.strictSame(versions, all.slice(first - 1), item)
        }
      }
    },
  )
}
