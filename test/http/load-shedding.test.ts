/** When the process is overloaded: by how long the turns of the event loop take, and not by how many requests are in flight. */
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { LoadShedding } from '../../src/http/load-shedding.js'
import { within } from '../helpers/within.js'

/** Keeps the event loop busy for at least this time. */
function work(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}

/** Two turns in which the same number of requests waits for the process. */
async function overloaded(queued = () => 0): Promise<LoadShedding> {
  const shedding = new LoadShedding(queued)
  for (let turns = 0; turns < 2; turns++) {
    await turn()
    shedding.refuses(300)
    work(60)
  }
  await turn()
  return shedding
}

t.test('any number of requests may wait for DynamoDB while turns of the event loop are short', async (t) => {
  const shedding = new LoadShedding(() => 0)
  for (let turns = 0; turns < 200; turns++) {
    await sleep(1)
    t.notOk(shedding.refuses(100_000))
  }
})

t.test('one long turn is no overload: the garbage collector may have paused the process', async (t) => {
  const shedding = new LoadShedding(() => 0)
  shedding.refuses(300)
  work(200)
  await sleep(150)
  shedding.refuses(300)
  t.notOk(shedding.isOverloaded)
})

t.test('under overload, a turn admits what it reads first, and always a few requests', async (t) => {
  const shedding = await overloaded()
  t.ok(shedding.isOverloaded)
  t.notOk(shedding.refuses(300), 'the first')
  work(30)
  t.ok(shedding.refuses(300), 'a late one')
  t.notOk(shedding.refuses(31), 'one of a few')
})

t.test('under overload, no queue builds up in front of the connections to DynamoDB', async (t) => {
  let queued = 0
  const shedding = await overloaded(() => queued)
  queued = 1
  t.ok(shedding.refuses(300))
  queued = 0
  t.notOk(shedding.refuses(31))
})

t.test('two turns in which more and more requests arrive are an overload, within the second', async (t) => {
  const shedding = new LoadShedding(() => 0)
  await turn()
  for (const inFlight of [130, 200]) {
    shedding.refuses(inFlight)
    work(20)
  }
  await turn()
  t.notOk(shedding.refuses(210))
  work(15)
  t.notOk(shedding.refuses(240), 'as many as are answered')
  t.ok(shedding.refuses(400))
})

t.test('the overload ends when the event loop is idle', async (t) => {
  const shedding = await overloaded()
  const calm = async () => {
    await sleep(20)
    shedding.refuses(300)
    return !shedding.isOverloaded
  }
  t.ok(await within(5000, calm))
})
