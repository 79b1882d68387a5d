// What lies in deploy/ fits the program: no engine for containers runs here, so every file is read, and every command line, variable, probe and
// reference in it is held against the real thing.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { existsSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { z } from 'zod'
import { drivers } from '#app/drivers.ts'
import { profilesFolderDefault } from '#app/package-folder.ts'
import { roles } from '#app/roles/role.ts'
import { connectNats } from '#bus/nats/connect.ts'
import { openTelemetryLog } from '#bus/nats/telemetry-log.ts'
import { systemClock } from '#core/clock.ts'
import { plantSchema } from '#core/plant.ts'
import { loadPlant } from '#plant/load.ts'
import { testApi } from '#test/support/api.ts'
import { runMillwright } from '#test/support/command-line.ts'
import { deployFolder, readDeployFile, readDeployFiles, type DeployFiles } from '#test/support/deploy-files.ts'
import { freePort } from '#test/support/free-port.ts'
import { startProgram } from '#test/support/program.ts'
import { requireTool } from '#test/support/tool.ts'

const home = join(import.meta.dirname, '..', '..')
let files: DeployFiles
beforeAll(async () => void (files = await readDeployFiles()))

/** What runs Millwright, wherever: its command line and the names of its variables. */
function commandLines(): { where: string; words: string[]; variables: string[] }[] {
  return [
    ...Object.entries(files.compose.services)
      .filter(([, { image }]) => image === 'millwright')
      .map(([name, { command, environment }]) => ({ where: `compose ${name}`, words: command, variables: Object.keys(environment) })),
    ...files.containers
      .filter(({ image }) => image === 'millwright')
      .map(({ name, args, env }) => ({ where: `kubernetes ${name}`, words: args, variables: env.map((one) => one.name) })),
  ]
}

test('every command line is one that the program takes, with variables that it reads', async () => {
  expect(commandLines()).toHaveLength(8)
  const helps = new Map<string, string>()
  for (const command of ['start', 'gateway']) helps.set(command, (await runMillwright([command, '--help'])).stdout.replaceAll(/\s+/g, ' '))
  for (const { where, words, variables } of commandLines()) {
    const help = helps.get(words[0] ?? '') ?? ''
    const flags = new Set(help.match(/--[a-z-]+/g))
    const read = new Set(Array.from(help.matchAll(/env: ([A-Z_]+)/g), ([, name]) => name))
    for (const name of ['NATS_URL', 'DATABASE_URL', 'MILLWRIGHT_TOKEN']) if (read.has(name)) read.add(`${name}_FILE`)
    expect({ where, flags: words.filter((word) => word.startsWith('--') && !flags.has(word)) }).toEqual({ where, flags: [] })
    expect({ where, variables: variables.filter((name) => !read.has(name)) }).toEqual({ where, variables: [] })
    words.forEach((word, index) => {
      if (words[index - 1] === '--role') expect(roles).toContain(word)
    })
    // What is mandatory comes from somewhere.
    const given = new Set([...words, ...variables.map((name) => name.replace(/_FILE$/, ''))])
    const wanted =
      words[0] === 'start'
        ? ['--role', 'NATS_URL', 'DATABASE_URL', 'MILLWRIGHT_HOST']
        : ['--server', 'MILLWRIGHT_TOKEN', 'MILLWRIGHT_PLANT']
    for (const one of wanted) expect(given).toContain(one)
  }
})

test('every probe asks for a route that there is, at the port where it is served', async () => {
  const api = await testApi({ ...plantSchema.parse({ plant: 'p' }), profiles: new Map() })
  const paths: string[] = []
  for (const { args, image, ports, startupProbe, livenessProbe, readinessProbe } of files.containers) {
    for (const probe of [startupProbe, livenessProbe, readinessProbe]) {
      if (!probe.httpGet) continue
      expect(ports.map(({ name }) => name)).toContain(probe.httpGet.port)
      if (image === 'millwright') paths.push(probe.httpGet.path)
    }
    const port = args.includes('--port') ? Number(args[args.indexOf('--port') + 1]) : 8080
    if (image === 'millwright') expect(ports).toContainEqual({ name: 'http', containerPort: port })
  }
  for (const { image, healthcheck } of Object.values(files.compose.services))
    if (image === 'millwright') {
      const url = new URL(/http:[^']+/.exec(healthcheck?.test.join(' ') ?? '')?.[0] ?? '')
      expect(url.port).toBe('8080')
      paths.push(url.pathname)
    }
  expect(new Set(paths)).toEqual(new Set(['/livez', '/readyz']))
  for (const path of new Set(paths)) expect((await api.get(path)).status).toBe(200)
  await api.close()
})

test('nothing runs as root, writes where it should not, or has rights that it does not need', () => {
  for (const [name, service] of Object.entries(files.compose.services)) {
    expect({ name, ...service }).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] })
    // It gives the volumes of NATS away once, without a network.
    if (name === 'prepare') continue
    expect({ name, user: service.user }).toEqual({ name, user: expect.stringMatching(/^[1-9]\d*:[1-9]\d*$/) as string })
    expect(service).toMatchObject({ restart: 'unless-stopped', mem_limit: expect.any(String) as string })
    expect(service.healthcheck?.test[0]).toBe('CMD')
  }
  for (const pod of files.pods) {
    const { automountServiceAccountToken, securityContext } = pod.spec
    expect({ name: pod.name, automountServiceAccountToken, ...securityContext }).toMatchObject({
      automountServiceAccountToken: false,
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    })
    expect(securityContext.runAsUser).toBeGreaterThan(0)
  }
  for (const { name, securityContext, resources } of files.containers) {
    expect({ name, securityContext }).toEqual({
      name,
      securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    })
    expect(Object.keys(resources.requests)).toEqual(['cpu', 'memory'])
    expect(resources.limits).toHaveProperty('memory')
  }
})

test('what one file names, another has: volumes, secrets, networks, services, labels', async () => {
  for (const [name, { volumes, secrets, networks, depends_on }] of Object.entries(files.compose.services)) {
    for (const volume of volumes.map((one) => one.split(':')[0] as string))
      expect({
        name,
        volume,
        there: volume.startsWith('./') ? existsSync(join(deployFolder, volume)) : volume in files.compose.volumes,
      }).toMatchObject({ there: true })
    for (const secret of secrets) expect(files.compose.secrets).toHaveProperty(typeof secret === 'string' ? secret : secret.source)
    for (const network of networks) expect(files.compose.networks).toHaveProperty(network)
    for (const service of Object.keys(depends_on)) expect(files.compose.services).toHaveProperty(service)
  }
  expect(files.kustomization.resources.toSorted()).toEqual(
    readdirSync(join(deployFolder, 'kubernetes')).map((file) => `kubernetes/${file}`),
  )
  const maps = files.kustomization.configMapGenerator
  for (const { files } of maps) for (const file of files) expect(existsSync(join(deployFolder, file))).toBe(true)

  const labelSets = files.pods.map((pod) => pod.labels)
  const finds = (labels: Record<string, string>) =>
    labelSets.some((set) => Object.entries(labels).every(([key, value]) => set[key] === value))
  for (const { kind, metadata, spec } of files.objects) {
    const selector = (
      kind === 'Service' ? { matchLabels: spec?.selector } : kind === 'NetworkPolicy' ? spec?.podSelector : spec?.selector
    ) as { matchLabels?: Record<string, string> } | undefined
    if (selector?.matchLabels) expect({ kind, name: metadata.name, finds: finds(selector.matchLabels) }).toMatchObject({ finds: true })
  }
  const guide = await readFile(join(home, 'docs', 'guides', 'many-machines.md'), 'utf8')
  for (const pod of files.pods) {
    const { volumes, containers: own } = pod.spec
    for (const { volumeMounts, env } of own) {
      for (const mount of volumeMounts) expect([...volumes.map(({ name }) => name), ...pod.claims]).toContain(mount.name)
      // The guide says how each secret is made.
      for (const { valueFrom } of env)
        if (valueFrom?.secretKeyRef)
          expect(guide).toMatch(new RegExp(`secret generic ${valueFrom.secretKeyRef.name} [^]*?${valueFrom.secretKeyRef.key}`))
    }
    for (const { configMap } of volumes) if (configMap) expect(maps.map(({ name }) => name)).toContain(configMap.name)
    if (pod.serviceName)
      expect(files.objects).toContainEqual(expect.objectContaining({ kind: 'Service', metadata: { name: pod.serviceName } }))
  }
  for (const name of Object.keys(files.compose.secrets)) expect(guide).toContain(name)
})

test('everything in the cluster that should not end all at once has a budget of disruptions', () => {
  const budgets = files.objects.filter(({ kind }) => kind === 'PodDisruptionBudget').map(({ metadata }) => metadata.name)
  expect(budgets.toSorted()).toEqual(['api', 'ingest', 'nats', 'writer'])
})

test('the image is made of what is there, and runs as nobody in particular on the right Node', async () => {
  const lines = (await readDeployFile('Dockerfile')).split('\n')
  const ignored = (await readDeployFile('Dockerfile.dockerignore')).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const taken = ignored.filter((line) => line.startsWith('!')).map((line) => line.slice(1))
  expect(ignored[0]).toBe('*')
  for (const line of lines) {
    if (!line.startsWith('COPY ') || line.includes('--from')) continue
    for (const source of line.split(' ').slice(1, -1)) {
      expect(existsSync(join(home, source))).toBe(true)
      expect(taken).toContain(source)
    }
  }
  for (const from of lines.filter((line) => line.startsWith('FROM '))) expect(from).toMatch(/^FROM node:24-slim( AS \w+)?$/)
  expect(lines.findLast((line) => line.startsWith('USER '))).toMatch(/^USER [1-9]\d*:[1-9]\d*$/)
  const entrypoint = z.array(z.string()).parse(JSON.parse((lines.find((line) => line.startsWith('ENTRYPOINT ')) ?? '').slice(11)))
  expect(entrypoint[0]).toBe('node')
  expect(existsSync(join(home, entrypoint[1] ?? ''))).toBe(true)
})

test('the plant file of the example has something for its gateway to run', async () => {
  const plant = await loadPlant({ file: join(deployFolder, 'plant.yaml'), profilesFolder: profilesFolderDefault, drivers })
  expect(plant.connections.map(({ gateway }) => gateway)).toEqual(['hall-1'])
})

let folder: string
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'deploy-'))))
afterAll(() => rm(folder, { recursive: true }))

test('three servers with the configuration for NATS are one cluster, which lets in who has the password', async () => {
  const tool = requireTool('nats-server', 'nats-server')
  // The server here may be older than what the images have.
  const configuration = (await readDeployFile('nats.conf')).replace('sync_interval: always', '')
  const [clients, routes] = [
    await Promise.all([freePort(), freePort(), freePort()]),
    await Promise.all([freePort(), freePort(), freePort()]),
  ]
  const start = async (index: number) => {
    const own = join(folder, `nats-${index}`)
    await mkdir(own)
    await writeFile(join(own, 'nats.conf'), configuration.replace('/data', own))
    await writeFile(join(own, 'auth.conf'), 'authorization { user: millwright, password: "secret" }\n')
    const all = JSON.stringify(routes.map((port) => `nats://127.0.0.1:${port}`))
    const flags = `-a 127.0.0.1 -p ${clients[index]} -m -1 --cluster nats://127.0.0.1:${routes[index]}`
    return startProgram('/bin/sh', [
      '-c',
      `exec env NATS_SERVER_NAME=nats-${index} NATS_ROUTES='${all}' ${tool} -c ${own}/nats.conf ${flags}`,
    ])
  }
  const servers = await Promise.all([0, 1, 2].map(start))
  onTestFinished(async () => void (await Promise.all(servers.map((server) => server.kill()))))
  const log = { info: () => {}, warn: () => {} }
  const dial = (user: string) => connectNats({ url: `nats://${user}@127.0.0.1:${clients[0]}`, name: 'test', clock: systemClock, log })
  const link = await vi.waitFor(() => dial('millwright:secret'), { timeout: 30_000, interval: 200 })
  onTestFinished(() => link.close())
  await expect(dial('millwright:wrong')).rejects.toThrow('does not let us in')
  expect(link.connection.info).toMatchObject({ cluster: 'millwright', jetstream: true, max_payload: 8 << 20 })
  expect((await openTelemetryLog({ link, clock: systemClock, log, partitions: 1 })).partitions).toBe(1)
})
