/** The ECS task definition: against the types of the AWS SDK, and against what the service needs. */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RegisterTaskDefinitionRequest } from '@aws-sdk/client-ecs'
import t from 'tap'
import { readConfig } from '../../src/config.js'
import { packageRoot, version } from '../../src/package-root.js'
import { answer, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { sourceProcess } from '../helpers/process.js'
import { typeErrors } from '../helpers/type-errors.js'

const text = readFileSync(join(packageRoot, 'deploy/ecs/task-definition.json'), 'utf8')
const definition = JSON.parse(text) as RegisterTaskDefinitionRequest
const container = (name: string) => {
  const found = definition.containerDefinitions?.find((container) => container.name === name)
  if (found === undefined) throw new Error(`there is no container ${name}`)
  return found
}
const service = container('service')
const settings = Object.fromEntries(
  (service.environment ?? []).map(({ name, value }): [string, string] => [name ?? '', value ?? '']),
)

t.test('conforms to the types of the ECS API', async (t) => {
  const type = `import('@aws-sdk/client-ecs').RegisterTaskDefinitionRequest`
  t.strictSame(typeErrors([{ name: 'task-definition.json', type, value: definition }]), [])
  const spoiled = { ...definition, networkMode: 'vpc' }
  t.match(typeErrors([{ name: 'spoiled', type, value: spoiled }]), [/^spoiled: .*"vpc"/])
})

t.test('is one that Fargate can run', async (t) => {
  // Amazon ECS Developer Guide, "Task CPU and memory": with 1 vCPU, 2 to 8 GB.
  t.match(definition, { requiresCompatibilities: ['FARGATE'], networkMode: 'awsvpc', cpu: '1024' })
  t.ok(['2048', '3072', '4096', '5120', '6144', '7168', '8192'].includes(definition.memory ?? ''))
  t.ok(definition.executionRoleArn !== undefined && definition.taskRoleArn !== undefined)
})

t.test('has valid settings, and the time for a graceful shutdown', async (t) => {
  const config = readConfig(settings)
  t.match(config, { host: '0.0.0.0', auth: 'policy', port: service.portMappings?.[0]?.containerPort })
  const shutdownSeconds = (Number(settings['SHUTDOWN_DELAY_MS']) + config.shutdownGraceMs) / 1000
  t.ok(Number(service.stopTimeout) >= shutdownSeconds + 5)
  // The longest stop timeout of Fargate, in seconds.
  t.ok(Number(service.stopTimeout) <= 120)
  t.ok(config.shutdownGraceMs * 0.8 > config.requestTimeoutMs, 'a request that has begun can end')
  t.equal(settings['ADMIN_HOST'], undefined, 'the admin port is for the containers of the task only')
})

t.test('runs the version of package.json', async (t) => {
  for (const { image } of definition.containerDefinitions ?? []) t.equal(image?.split(':')[1], version)
})

t.test('contains no secret, and no way to become root', async (t) => {
  for (const { secrets = [], readonlyRootFilesystem, linuxParameters } of definition.containerDefinitions ??
    []) {
    t.ok(secrets.every(({ valueFrom }) => valueFrom?.startsWith('arn:aws:secretsmanager:')))
    t.equal(readonlyRootFilesystem, true)
    t.strictSame(linuxParameters?.capabilities, { drop: ['ALL'] })
  }
  t.match(service, { user: '1000:1000', mountPoints: [{ readOnly: true }] })
})

t.test('the first container writes the policy file from the secret, where ACCESS_FILE says', async (t) => {
  const folder = t.testdir()
  const [node = '', flag = '', script = ''] = container('access-policy').command ?? []
  execFileSync(node, [flag, script.replace('/access/', `${folder}/`)], {
    env: { PATH: process.env['PATH'], POLICY: 'keys: []\n' },
  })
  const path = settings['ACCESS_FILE']?.replace('/access/', `${folder}/`) ?? ''
  t.equal(readFileSync(path, 'utf8'), 'keys: []\n')
  t.match(service.dependsOn, [{ containerName: 'access-policy', condition: 'SUCCESS' }])
})

t.test('the health check is 0 while the service runs, and 1 afterwards', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_arrived, response) => {
    answer(response, { TableNames: [] })
  })
  const policy = join(t.testdir(), 'policy.yaml')
  writeFileSync(policy, 'keys: []\n')
  const { server, exited, listening } = sourceProcess(t, {
    ...settings,
    PORT: '0',
    ADMIN_PORT: '0',
    HOST: '127.0.0.1',
    SHUTDOWN_DELAY_MS: '0',
    ACCESS_FILE: policy,
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  })
  const url = await listening()
  const [kind, node = '', flag = '', script = ''] = service.healthCheck?.command ?? []
  t.equal(kind, 'CMD')
  const health = () => {
    const here = script.replace('http://127.0.0.1:3000', url)
    t.not(here, script)
    try {
      execFileSync(node, [flag, here])
      return 0
    } catch {
      return 1
    }
  }
  t.equal(health(), 0)
  server.kill('SIGTERM')
  await exited
  t.equal(health(), 1)
})
