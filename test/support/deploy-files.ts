// The files in deploy/ as far as tests look at them: what containers run, as whom, with what.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse, parseAllDocuments } from 'yaml'
import { z } from 'zod'

export const deployFolder = join(import.meta.dirname, '..', '..', 'deploy')
export const readDeployFile = (name: string) => readFile(join(deployFolder, name), 'utf8')

const names = z.array(z.string())
const strings = z.record(z.string(), z.string())
const anything = z.record(z.string(), z.unknown())

const serviceSchema = z.looseObject({
  image: z.string(),
  command: names,
  user: z.string().optional(),
  environment: strings.default({}),
  restart: z.string().optional(),
  read_only: z.boolean().optional(),
  cap_drop: names.optional(),
  security_opt: names.optional(),
  mem_limit: z.string().optional(),
  healthcheck: z.looseObject({ test: names }).optional(),
  volumes: names.default([]),
  secrets: z.array(z.union([z.string(), z.looseObject({ source: z.string() })])).default([]),
  networks: names.default([]),
  depends_on: anything.default({}),
})
const composeSchema = z.looseObject({
  services: z.record(z.string(), serviceSchema),
  networks: anything,
  volumes: anything,
  secrets: z.record(z.string(), z.object({ file: z.string() })),
})

const probeSchema = z.looseObject({ httpGet: z.object({ path: z.string(), port: z.string() }).optional() })
const containerSchema = z.looseObject({
  name: z.string(),
  image: z.string(),
  args: names,
  env: z
    .array(
      z.looseObject({
        name: z.string(),
        valueFrom: z.looseObject({ secretKeyRef: z.object({ name: z.string(), key: z.string() }).optional() }).optional(),
      }),
    )
    .default([]),
  ports: z.array(z.object({ name: z.string(), containerPort: z.int() })),
  startupProbe: probeSchema,
  livenessProbe: probeSchema,
  readinessProbe: probeSchema,
  resources: z.object({ requests: strings, limits: strings }),
  securityContext: z.unknown(),
  volumeMounts: z.array(z.looseObject({ name: z.string() })),
})
const podSchema = z.looseObject({
  securityContext: z.looseObject({ runAsNonRoot: z.boolean(), runAsUser: z.int(), seccompProfile: z.unknown() }),
  automountServiceAccountToken: z.boolean(),
  containers: z.array(containerSchema),
  volumes: z.array(z.looseObject({ name: z.string(), configMap: z.object({ name: z.string() }).optional() })),
})
const objectSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
  spec: z
    .looseObject({
      serviceName: z.string().optional(),
      selector: z.unknown().optional(),
      podSelector: z.looseObject({ matchLabels: strings.optional() }).optional(),
      template: z.looseObject({ metadata: z.looseObject({ labels: strings }), spec: podSchema }).optional(),
      volumeClaimTemplates: z.array(z.looseObject({ metadata: z.object({ name: z.string() }) })).default([]),
    })
    .optional(),
})
export type KubernetesObject = z.infer<typeof objectSchema>
type PodSpec = z.infer<typeof podSchema>
const kustomizationSchema = z.looseObject({
  resources: names,
  configMapGenerator: z.array(z.object({ name: z.string(), files: names })),
})

export interface Pod {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly spec: PodSpec
  /** Names of its volume claims. */
  readonly claims: readonly string[]
  readonly serviceName: string | undefined
}

export interface DeployFiles {
  readonly compose: z.infer<typeof composeSchema>
  readonly kustomization: z.infer<typeof kustomizationSchema>
  readonly objects: readonly KubernetesObject[]
  readonly pods: readonly Pod[]
  readonly containers: readonly PodSpec['containers'][number][]
}

export async function readDeployFiles(): Promise<DeployFiles> {
  const compose = composeSchema.parse(parse(await readDeployFile('compose.yaml'), { merge: true }))
  const kustomization = kustomizationSchema.parse(parse(await readDeployFile('kustomization.yaml')))
  const texts = await Promise.all(kustomization.resources.map(readDeployFile))
  const objects = texts.flatMap((text) => parseAllDocuments(text).map((document) => objectSchema.parse(document.toJS())))
  const pods = objects.flatMap(({ metadata: { name }, spec }): Pod[] => {
    if (!spec?.template) return []
    const { metadata, spec: podSpec } = spec.template
    const claims = spec.volumeClaimTemplates.map((claim) => claim.metadata.name)
    return [{ name, labels: metadata.labels, spec: podSpec, claims, serviceName: spec.serviceName }]
  })
  return { compose, kustomization, objects, pods, containers: pods.flatMap(({ spec }) => spec.containers) }
}
