import t from 'tap'
import { Cancellation } from '../../../src/storage/call/cancellation.js'

t.test('what listens is told once, unless it has stopped listening', async (t) => {
  const call = new Cancellation()
  const told: string[] = []
  const listener = (name: string) => () => {
    told.push(name)
  }
  const [first, second, third] = [listener('first'), listener('second'), listener('third')]
  call.addEventListener('abort', first)
  call.addEventListener('abort', second)
  call.addEventListener('abort', third)
  call.removeEventListener('abort', second)
  call.removeEventListener('abort', second)
  t.equal(call.aborted, false)
  call.abort()
  call.abort()
  t.equal(call.aborted, true)
  t.same(told, ['first', 'third'])
})

t.test('one that listens may make another stop listening', async (t) => {
  const call = new Cancellation()
  let told = 0
  const listener = () => {
    told++
    call.removeEventListener('abort', listener)
  }
  call.addEventListener('abort', listener)
  call.addEventListener('abort', listener)
  call.abort()
  t.equal(told, 2)
})
