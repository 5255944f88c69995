import t from 'tap'
import { isAsShown } from './output.js'

t.test('outputs are compared byte for byte', async (t) => {
  t.equal(isAsShown('{"a":1.50}', '{"a":1.50}\n'), true)
  t.equal(isAsShown('{"a":1.50}', '{"a":1.5}'), false)
  t.equal(isAsShown('{"a":1,"b":2}', '{"b":2,"a":1}'), false)
  t.equal(isAsShown('a.c', 'abc'), false)
})

t.test('an ellipsis stands for characters that differ each time, but for no member or line', async (t) => {
  t.equal(isAsShown('{"id":"…","n":1}', '{"id":"x-1","n":1}'), true)
  t.equal(isAsShown('{"id":"…","n":1}', '{"id":"","n":1}'), false)
  t.equal(isAsShown('{"id":"…"}', '{"id":"x","n":"1"}'), false)
  t.equal(isAsShown('took … ms', 'took 1\n2 ms'), false)
})
