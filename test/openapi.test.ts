import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openapiYaml } from '../scripts/openapi-document.js'
import { packageRoot } from '../src/package-root.js'
import { startService } from './helpers/service.js'
import { startStandIn } from './helpers/stand-in.js'

t.test('openapi.yaml is what npm run openapi writes', async (t) => {
  t.equal(readFileSync(join(packageRoot, 'openapi.yaml'), 'utf8'), await openapiYaml())
})

t.test('the service hands it out, as YAML and as JSON', async (t) => {
  const { endpoint } = await startStandIn(t, (_arrived, response) => response.end())
  const service = await startService(t, {}, endpoint)
  const yaml = await service.get('/openapi.yaml')
  t.equal(yaml.status, 200)
  t.equal(yaml.headers.get('content-type'), 'application/yaml')
  t.equal(yaml.text, readFileSync(join(packageRoot, 'openapi.yaml'), 'utf8'))

  const json = await service.get('/openapi.json', { accept: 'application/json' })
  t.equal(json.status, 200)
  t.match(json.headers.get('content-type'), /^application\/json/)
  t.equal(json.body['openapi'], '3.1.0')
})

t.test('every reference in it leads somewhere, and nothing is there for no reason', async (t) => {
  const yaml = readFileSync(join(packageRoot, 'openapi.yaml'), 'utf8')
  const wanted = new Set(
    [...yaml.matchAll(/\$ref: "#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name),
  )
  const there = new Set(
    [...(yaml.split('\n  schemas:\n')[1] ?? '').matchAll(/^ {4}(\w+):$/gm)].map(([, name]) => name),
  )
  t.same([...wanted].sort(), [...there].sort())
})
