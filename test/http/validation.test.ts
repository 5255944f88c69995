import Fastify from 'fastify'
import t from 'tap'
import { routes } from '../../routes/index.js'
import type { App } from '../../src/fastify.js'
import { createAjv } from '../../src/http/validation.js'

t.test('the schemas of all requests are sound, which the service itself does not check', async (t) => {
  const ajv = createAjv({ check: true })
  const app = Fastify()
  app.decorate('config', { tableAdmin: true } as App['config'])
  app.setSerializerCompiler(() => JSON.stringify)
  app.setValidatorCompiler(({ schema, method, url, httpPart }) => {
    t.doesNotThrow(() => ajv.compile(schema as object), `${method} ${url}, ${httpPart ?? ''}`)
    return () => true
  })
  await app.register(routes)
  await app.ready()
  await app.close()
  t.throws(() => ajv.compile({ type: 'objekt' }), 'a mistake is found')
})
