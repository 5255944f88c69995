import { Ajv } from 'ajv'
import Fastify from 'fastify'
import t from 'tap'
import * as Type from 'typebox'
import { registerRoutes } from '../../routes/index.js'
import { Closed, ExactlyOne, MapOf, OneOf, SHAPE } from '../../schemas/parts/building-blocks.js'
import { createValidator, listOf } from '../../src/http/validation.js'
import type { Services } from '../../src/operations/call.js'

t.test('every schema of a route is valid JSON Schema, which the service itself does not check', async (t) => {
  const ajv = new Ajv({ keywords: [SHAPE] })
  const app = Fastify()
  let checked = 0
  app.setSerializerCompiler(() => JSON.stringify)
  app.setValidatorCompiler(() => () => true)
  app.addHook('onRoute', ({ schema = {}, method, url }) => {
    for (const part of ['params', 'querystring', 'headers', 'body'] as const) {
      if (schema[part] === undefined) continue
      checked++
      t.doesNotThrow(() => ajv.compile(schema[part] as object), `${String(method)} ${url}, ${part}`)
    }
  })
  registerRoutes(app, { config: { tableAdmin: true } } as Services)
  await app.ready()
  await app.close()
  t.ok(checked > 40)
  t.throws(() => ajv.compile({ type: 'objekt' }), 'finds a mistake')
})

t.test('an error says in plain words what is wrong', async (t) => {
  const schema = Closed({
    name: Type.String({ minLength: 1 }),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 5 })),
    select: Type.Optional(OneOf(['COUNT', 'ALL'], {})),
    names: Type.Optional(MapOf(Type.String(), { minProperties: 1 })),
    keys: Type.Optional(Type.Array(ExactlyOne({ a: Type.String(), b: Type.String() }, {}), { minItems: 1 })),
    pattern: Type.Optional(Type.String({ pattern: '^[1-9]$' })),
    expression: Type.Optional(Type.String({ maxLength: 5 })),
  })
  const validate = createValidator(schema, 'body')
  const cases: readonly (readonly [object | null, readonly string[]])[] = [
    [{ name: 'x' }, []],
    [null, ['body must be an object']],
    [{}, ['body must have the field "name"']],
    [{ name: '' }, ['body/name must not be empty']],
    [{ name: 'x', expression: 'abcdef' }, ['body/expression must have at most 5 characters']],
    [{ name: 5 }, ['body/name must be a string']],
    [{ name: 'x', limit: 1.5 }, ['body/limit must be an integer']],
    [{ name: 'x', limit: 0 }, ['body/limit must be at least 1']],
    [{ name: 'x', limit: 6 }, ['body/limit must be at most 5']],
    [{ name: 'x', select: 'SOME' }, ['body/select must be one of COUNT, ALL, not "SOME"']],
    [{ name: 'x', select: 5 }, ['body/select must be one of COUNT, ALL, not 5']],
    [{ name: 'x', names: {} }, ['body/names must not be empty']],
    [{ name: 'x', names: { '#a': 1 } }, ['body/names/#a must be a string']],
    [{ name: 'x', keys: [] }, ['body/keys must not be empty']],
    [{ name: 'x', keys: [{}] }, ['body/keys/0 must not be empty']],
    [{ name: 'x', keys: [{ a: 'x', b: 'y' }] }, ['body/keys/0 must have exactly one field']],
    [{ name: 'x', pattern: '0' }, ['body/pattern must match ^[1-9]$']],
    [{ name: 'x', 'a/b': 1 }, ['body has an unknown field "a/b"']],
    [
      { limit: 'x', select: 'SOME', other: 1 },
      [
        'body must have the field "name"',
        'body has an unknown field "other"',
        'body/limit must be an integer',
        'body/select must be one of COUNT, ALL, not "SOME"',
      ],
    ],
  ]
  for (const [value, errors] of cases) {
    t.strictSame([...validate(value)].sort(), [...errors].sort(), JSON.stringify(value))
  }
})

t.test('lists at most ten errors, each of a bounded length', async (t) => {
  const validate = createValidator(MapOf(Type.String(), {}), 'body')
  const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`n${index}`, index]))
  const listed = listOf(validate(many)).split('; ')
  t.equal(listed.length, 11)
  t.equal(listed.at(-1), 'and more')
  const [text = ''] = validate({ ['x'.repeat(100_000)]: 1 })
  t.ok(text.length < 1000, text.slice(0, 50))
  const oneOf = createValidator(OneOf(['a'], {}), 'body')
  t.ok((oneOf('x'.repeat(100_000))[0] ?? '').length < 1000)
})
