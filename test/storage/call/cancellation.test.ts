import t from 'tap'
import { Cancellation } from '../../../src/storage/call/cancellation.js'

t.test('a listener is called once, unless it was removed', async (t) => {
  const call = new Cancellation()
  const calls: string[] = []
  const listener = (name: string) => () => {
    calls.push(name)
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
  t.same(calls, ['first', 'third'])
})

t.test('a listener may remove another one', async (t) => {
  const call = new Cancellation()
  let calls = 0
  const listener = () => {
    calls++
    call.removeEventListener('abort', listener)
  }
  call.addEventListener('abort', listener)
  call.addEventListener('abort', listener)
  call.abort()
  t.equal(calls, 2)
})
