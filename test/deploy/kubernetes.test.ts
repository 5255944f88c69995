/** The Kubernetes manifests: against Kubernetes's own schemas, and against what the service needs. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { IHorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2'
import type { IDeployment } from 'kubernetes-models/apps/v1'
import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1'
import type { IConfigMap, IProbe, ISecret, IService } from 'kubernetes-models/v1'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { Access } from '../../src/access/access.js'
import { readConfig } from '../../src/config.js'
import { createLogger } from '../../src/observability/log.js'
import { packageRoot, version } from '../../src/package-root.js'
import { buildKustomize, type KubernetesObject, needsKustomize } from '../helpers/kustomize.js'
import { typeErrors } from '../helpers/type-errors.js'

const folder = join(packageRoot, 'deploy/kubernetes')

/** A file of a Kustomize base; its object is whole. Patches and Kustomize's own files are not objects. */
const manifests = readdirSync(join(folder, 'base'))
  .filter((name) => !['kustomization.yaml', 'policy.yaml'].includes(name))
  .map((name) => ({
    name,
    object: parse(readFileSync(join(folder, 'base', name), 'utf8')) as KubernetesObject,
  }))

const packageOf = (apiVersion: string) =>
  apiVersion.startsWith('monitoring.coreos.com/')
    ? `@kubernetes-models/prometheus-operator/${apiVersion}`
    : `kubernetes-models/${apiVersion}`

/** Checks objects against the types, for misspelled members, and against the schemas, for values. */
async function checkSchemas(t: Test, objects: readonly { name: string; object: KubernetesObject }[]) {
  const documents = objects.map(({ name, object }) => ({
    name,
    type: `import('${packageOf(object.apiVersion)}').I${object.kind}`,
    value: object,
  }))
  t.strictSame(typeErrors(documents), [])
  for (const { name, object } of objects) {
    const models = (await import(packageOf(object.apiVersion))) as Record<
      string,
      new (data: unknown) => { validate: () => void }
    >
    const Model = models[object.kind]
    if (Model === undefined) throw new Error(`${name}: there is no ${object.kind} in ${object.apiVersion}`)
    // Kustomize breaks long Base64 into lines, which Kubernetes reads and the schema does not know.
    const data = JSON.parse(
      JSON.stringify(object).replace(object.kind === 'Secret' ? /\\n/g : '', ''),
    ) as unknown
    t.doesNotThrow(() => {
      new Model(data).validate()
    }, name)
  }
}

t.test('the manifests conform to the schemas of Kubernetes and of the Prometheus Operator', async (t) => {
  await checkSchemas(t, manifests)
})

t.test('the schemas notice a misspelled member and an impossible value', async (t) => {
  const deployment = manifests.find(({ name }) => name === 'deployment.yaml')?.object
  /** The Deployment with more members in its container. */
  const spoiled = (members: object) => {
    const copy = structuredClone(deployment) as KubernetesObject & IDeployment
    Object.assign(copy.spec?.template.spec?.containers[0] ?? {}, members)
    return { name: 'spoiled', type: `import('kubernetes-models/apps/v1').IDeployment`, value: copy }
  }
  t.match(
    typeErrors([spoiled({ readynessProbe: {} })]).join('\n'),
    /^spoiled: .*readynessProbe.* does not exist/,
  )
  const { Deployment } = await import('kubernetes-models/apps/v1')
  t.throws(() => {
    new Deployment(spoiled({ workingDir: 7 }).value).validate()
  }, /workingDir/)
})

t.test('Kustomize lists every file of the base', async (t) => {
  const { resources } = parse(readFileSync(join(folder, 'base/kustomization.yaml'), 'utf8')) as {
    resources: string[]
  }
  t.strictSame(resources.sort(), manifests.map(({ name }) => name).sort())
})

/** The objects of a build by their kind. */
interface Built {
  readonly ConfigMap: IConfigMap
  readonly Secret: ISecret
  readonly Deployment: IDeployment
  readonly NetworkPolicy: INetworkPolicy
  readonly HorizontalPodAutoscaler: IHorizontalPodAutoscaler
  readonly Service: IService
}

function only<Kind extends keyof Built>(objects: readonly KubernetesObject[], kind: Kind): Built[Kind] {
  const found = objects.find((object): object is KubernetesObject & Built[Kind] => object.kind === kind)
  if (found === undefined) throw new Error(`there is no ${kind}`)
  return found
}

const builds = {
  base: { resources: ['base'] },
  'overlays/eks': { resources: ['overlays/eks'] },
  'overlays/eks with both components': {
    resources: ['overlays/eks'],
    components: ['components/tls', 'components/without-prometheus-operator'],
  },
}

for (const [name, { resources, ...rest }] of Object.entries(builds)) {
  t.test(name, needsKustomize, async (t) => {
    const above = t.testdir()
    // Kustomize reads no absolute paths.
    const paths = (names: readonly string[]) => names.map((path) => relative(above, join(folder, path)))
    const kustomization = {
      resources: paths(resources),
      ...('components' in rest && { components: paths(rest.components) }),
    }
    writeFileSync(join(above, 'kustomization.yaml'), JSON.stringify(kustomization))
    const objects = buildKustomize(above)
    const tls = 'components' in rest

    t.test('conforms to the schemas', async (t) => {
      await checkSchemas(
        t,
        objects.map((object) => ({ name: `${object.kind} ${object.metadata.name}`, object })),
      )
      t.equal(
        objects.some(({ kind }) => kind === 'ServiceMonitor'),
        !tls,
      )
    })

    const { data = {} } = only(objects, 'ConfigMap')
    const deployment = only(objects, 'Deployment')
    const pod = deployment.spec?.template.spec
    const [container] = pod?.containers ?? []
    if (pod === undefined || container === undefined) throw new Error('there is no pod')

    t.test('runs the version of package.json', async (t) => {
      t.equal(container.image?.split(':')[1], version)
    })

    t.test('has valid settings, and the time for a graceful shutdown', async (t) => {
      const config = readConfig(data)
      t.equal(config.host, '0.0.0.0')
      t.equal(config.auth, 'policy')
      t.ok(data['AWS_REGION'])
      const shutdownMs = Number(data['SHUTDOWN_DELAY_MS']) + config.shutdownGraceMs
      t.ok(Number(pod.terminationGracePeriodSeconds) * 1000 >= shutdownMs + 5000)
      t.ok(config.shutdownGraceMs * 0.8 > config.requestTimeoutMs, 'a request that has begun can end')
      t.equal(config.tlsCertFile !== undefined, tls)
    })

    t.test('has a policy file that the service accepts, where ACCESS_FILE says', async (t) => {
      const [file = '', ...more] = Object.keys(only(objects, 'Secret').data ?? {})
      t.strictSame(more, [])
      const path = join(t.testdir(), file)
      writeFileSync(path, Buffer.from(only(objects, 'Secret').data?.[file] ?? '', 'base64'))
      const access = await Access.open(path, { logger: createLogger('silent'), hasPageTokenSecret: true })
      await access.close()
      const mount = container.volumeMounts?.find(({ name }) => name === 'access-policy')
      t.equal(`${mount?.mountPath ?? ''}/${file}`, data['ACCESS_FILE'])
      const names = pod.volumes?.map(({ name, secret }) => `${name} ${secret?.secretName ?? ''}`)
      t.strictSame(names, tls ? ['tls tls', 'access-policy access-policy'] : ['access-policy access-policy'])
    })

    t.test('has the ports of the settings, and probes that exist', async (t) => {
      const ports = container.ports?.map(({ name, containerPort }) => [name, String(containerPort)])
      t.strictSame(ports, [
        ['http', data['PORT']],
        ['admin', data['ADMIN_PORT']],
      ])
      const { paths } = parse(readFileSync(join(packageRoot, 'openapi.yaml'), 'utf8')) as {
        paths: Record<string, object>
      }
      for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'] as const) {
        const { httpGet }: IProbe = container[probe] ?? {}
        if (httpGet === undefined) throw new Error(`${probe} is missing`)
        t.ok(Object.keys(paths).includes(httpGet.path ?? ''), probe)
        t.equal(httpGet.port, 'http')
        t.equal(httpGet.scheme, tls ? 'HTTPS' : undefined)
      }
    })

    t.test('satisfies the restricted Pod Security Standard, with a read-only root file system', async (t) => {
      t.match(pod, {
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
      })
      t.strictSame(container.securityContext, {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      })
    })

    t.test(
      'lets only Prometheus reach the admin port, and keeps pods from the role of the node',
      async (t) => {
        const { ingress = [], egress = [] } = only(objects, 'NetworkPolicy').spec ?? {}
        const admin = ingress.filter(({ ports }) => ports?.some(({ port }) => port === 'admin') !== false)
        t.strictSame(admin, [
          {
            from: [
              {
                namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } },
                podSelector: { matchLabels: { 'app.kubernetes.io/name': 'prometheus' } },
              },
            ],
            ports: [{ port: 'admin' }],
          },
        ])
        // Kustomize can add the labels of the service to selectors of others.
        t.notMatch(JSON.stringify([ingress, egress]), '"app.kubernetes.io/name":"dynamodb-storage-service"')
        for (const { to = [], ports = [] } of egress) {
          for (const { ipBlock } of to) {
            if (ipBlock?.cidr !== '0.0.0.0/0') continue
            t.strictSame([ipBlock.except, ports], [['169.254.0.0/16'], [{ port: 443 }]])
          }
        }
      },
    )

    t.test('scales by CPU, of which it requests what one process can use', async (t) => {
      const { metrics = [], scaleTargetRef } = only(objects, 'HorizontalPodAutoscaler').spec ?? {}
      t.match(metrics, [{ resource: { name: 'cpu' } }])
      t.match(scaleTargetRef, { kind: 'Deployment', name: deployment.metadata?.name })
      t.equal(container.resources?.requests?.['cpu'], '1')
      t.equal(deployment.spec?.replicas, undefined, 'or each apply would undo the autoscaler')
    })

    t.test('selects the pods everywhere by one label', async (t) => {
      const labels = { 'app.kubernetes.io/name': 'dynamodb-storage-service' }
      t.match(deployment.spec?.template.metadata?.labels, labels)
      for (const { kind, spec } of objects as readonly (KubernetesObject & {
        spec?: Record<string, unknown>
      })[]) {
        if (kind === 'Service') t.strictSame(spec?.['selector'], labels, kind)
        if (kind === 'Deployment' || kind === 'PodDisruptionBudget')
          t.strictSame(spec?.['selector'], { matchLabels: labels }, kind)
        if (kind === 'NetworkPolicy') t.strictSame(spec?.['podSelector'], { matchLabels: labels }, kind)
      }
    })
  })
}

t.test('overlays/eks gives the pods a role of their own', needsKustomize, async (t) => {
  const objects = buildKustomize(join(folder, 'overlays/eks'))
  t.match(
    objects.find(({ kind }) => kind === 'ServiceAccount'),
    {
      metadata: {
        annotations: { 'eks.amazonaws.com/role-arn': /^arn:aws:iam::\d{12}:role\/dynamodb-storage-service$/ },
      },
    },
  )
  t.equal(only(objects, 'ConfigMap').data?.['AWS_EC2_METADATA_DISABLED'], 'true')
  const agents = only(objects, 'NetworkPolicy').spec?.egress?.flatMap(({ to = [] }) =>
    to.map(({ ipBlock }) => ipBlock?.cidr),
  )
  t.ok(agents?.includes('169.254.170.23/32'), 'with Pod Identity, too')
})
