import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { expect, onTestFinished, test } from 'vitest'
import { startApiStandIn, type ApiAnswer, type ApiCall } from '#test/support/api-stand-in.ts'
import { runMillwright } from '#test/support/command-line.ts'

async function ask(args: string[], answer: (call: ApiCall) => ApiAnswer | undefined) {
  const api = await startApiStandIn(answer)
  onTestFinished(() => api.close())
  return { ...(await runMillwright(args, { env: { MILLWRIGHT_SERVER: api.url } })), api }
}

const time = (second: number) => `2026-01-01T00:00:${String(second).padStart(2, '0')}.000000Z`

test('the version is that of the package, and help lists every command', async () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
  expect((await runMillwright(['--version'])).stdout).toBe(`${version}\n`)
  const { stdout } = await runMillwright(['--help'])
  for (const command of [
    'start',
    'gateway',
    'token',
    'sim',
    'import',
    'tags',
    'query',
    'export',
    'delete',
    'backup',
    'restore',
    'check',
    'doctor',
  ])
    expect(stdout).toContain(`\n  ${command} `)
})

test('tags come as an aligned table', async () => {
  const body = [
    { path: 'm/temperature', kind: 'number', unit: '°C', latest: { time: time(1), value: 21.5, quality: 'good' } },
    { path: 'm/field', kind: 'array', unit: null, latest: { time: time(2), value: { shape: [100, 100] }, quality: 'good' } },
    { path: 'm/x', kind: 'text', unit: null, latest: null },
  ]
  const { stdout, api } = await ask(['tags', '--machine', 'm'], () => ({ body }))
  expect(stdout.split('\n')).toEqual([
    'TAG            KIND       LATEST  QUALITY  TIME',
    'm/temperature  number    21.5 °C  good     2026-01-01T00:00:01.000000Z',
    'm/field        array   [100×100]  good     2026-01-01T00:00:02.000000Z',
    'm/x            text                        never',
    '',
  ])
  expect(api.calls[0]?.query.get('machine')).toBe('m')
  expect(JSON.parse((await ask(['tags', '--json'], () => ({ body }))).stdout)).toEqual(body)
})

function history({ resource, query }: ApiCall): ApiAnswer | undefined {
  if (resource !== 'samples') return undefined
  const first = Number(query.get('cursor') ?? 0)
  const last = Math.min(first + 2, first + Number(query.get('limit')), 5)
  const samples = Array.from({ length: last - first }, (_, index) => ({ time: time(first + index), value: first + index, quality: 'good' }))
  return { body: { tag: query.get('tag'), unit: 'bar', samples, next: last < 5 ? String(last) : null } }
}

test('a history is fetched page by page up to the limit', async () => {
  const all = await ask(['query', 'm/t', '--from', '-1h', '--csv'], history)
  expect(all.stdout).toBe(`time,value,quality\n${[0, 1, 2, 3, 4].map((n) => `${time(n)},${n},good\n`).join('')}`)
  expect(all.stderr).toBe('')
  const some = await ask(['query', 'm/t', '--limit', '3'], history)
  expect(some.stdout.split('\n')).toEqual([
    'TIME                         VALUE  QUALITY',
    `${time(0)}  0 bar  good`,
    `${time(1)}  1 bar  good`,
    `${time(2)}  2 bar  good`,
    '',
  ])
  expect(some.stderr).toBe('there are more than 3 samples; raise --limit, or use --buckets\n')
  const json = await ask(['query', 'm/t', '--json'], history)
  expect((JSON.parse(json.stdout) as { value: number }[]).map(({ value }) => value)).toEqual([0, 1, 2, 3, 4])
  const none = await ask(['query', 'm/t', '--json'], () => ({ body: { tag: 'm/t', unit: null, samples: [], next: null } }))
  expect(JSON.parse(none.stdout)).toEqual([])
  expect(none.stderr).toContain('no sample of m/t from')
})

test('buckets come as rows of figures', async () => {
  const shown = { count: [2, 1], min: [1, 5], max: [3, 5], mean: [2, 5], last: [3, 5] }
  const body = [{ tag: 'm/t', time: [time(0), time(30)], ...shown, sum: [4, 5], std: [1, 0], timeMean: [2, 5], first: [1, 5] }]
  const run = await ask(['query', 'm/t', '--from', '2026-01-01', '--to', '2026-01-01T00:01:00Z', '--buckets', '2', '--csv'], () => ({
    body,
  }))
  expect(run.stdout).toBe(`time,count,min,mean,max,last\n${time(0)},2,1,2,3,3\n${time(30)},1,5,5,5,5\n`)
  expect(Object.fromEntries(run.api.calls[0]?.query ?? [])).toEqual({
    tag: 'm/t',
    from: '2026-01-01T00:00:00.000000Z',
    to: '2026-01-01T00:01:00.000000Z',
    buckets: '2',
  })
})

test('intervals of a calendar come with their ends, and shifts with their names', async () => {
  const figures = { count: [2], min: [1], max: [3], sum: [4], mean: [2], std: [1], timeMean: [2], first: [1], last: [3] }
  const body = [{ tag: 'm/t', time: [time(0)], end: [time(30)], shift: ['early'], ...figures }]
  const range = ['--from', '2026-01-01', '--to', '2026-01-02']
  const run = await ask(['query', 'm/t', ...range, '--every', 'shift'], () => ({ body }))
  expect(run.stdout.split('\n')).toEqual([
    'TIME                         END                          SHIFT  COUNT  MIN  MEAN  MAX  LAST',
    `${time(0)}  ${time(30)}  early      2    1     2    3     3`,
    '',
  ])
  const zoned = await ask(['query', 'm/t', ...range, '--every', 'day', '--zone', 'Europe/Berlin', '--csv'], () => ({ body }))
  expect(zoned.api.calls[0]?.query.get('zone')).toBe('Europe/Berlin')
  expect((await runMillwright(['query', 'm/t', '--zone', 'Europe/Berlin'])).stderr).toContain('--zone is for intervals such as --every day')
  expect((await runMillwright(['query', 'm/t', '--every', 'day', '--buckets', '3'])).stderr).toContain('cannot be used with')
})

test('a fault is injected and the ground truth listed', async () => {
  const fault = { id: 3, machine: 'm/pump', fault: 'leak', tag: null, severity: 0.5, start: time(0), end: time(30), active: true }
  const injected = await ask(['sim', 'fault', 'pump', 'leak', '--severity', '0.5', '--duration', '30s'], () => ({ body: fault }))
  expect(injected.stdout).toBe(`fault 3: leak of m/pump, severity 0.5, from ${time(0)} to ${time(30)}\n`)
  expect(injected.api.calls[0]).toMatchObject({
    method: 'POST',
    resource: 'sim/faults',
    body: { machine: 'pump', fault: 'leak', severity: 0.5, durationSeconds: 30 },
  })
  expect((await ask(['sim', 'faults'], () => ({ body: [fault] }))).stdout).toContain('3  m/pump   leak')
  expect((await runMillwright(['sim', 'fault', 'pump', 'flood'])).stderr).toContain('Allowed choices are overheating')
})

test("an error answer is told in the server's own words, without a stack", async () => {
  const body = { error: 'notFound', message: 'there is no tag "m/t"; GET /api/v1/tags lists them' }
  const run = await ask(['query', 'm/t'], () => ({ status: 404, body }))
  expect(run).toMatchObject({ code: 1, stderr: `millwright: ${body.message}\n` })
  const foreign = await ask(['tags'], () => ({ body: { hello: 'world' } }))
  expect(foreign.stderr).toMatch(/^millwright: what answers at http:\S+ is no Millwright of this version .*check --server\n$/)
})

test('a server that is not there is told in one sentence with the mend', async () => {
  const closed = createServer().listen(0, '127.0.0.1')
  await once(closed, 'listening')
  const { port } = closed.address() as AddressInfo
  closed.close()
  await once(closed, 'close')
  const url = `http://127.0.0.1:${port}`
  const run = await runMillwright(['tags', '--server', url])
  expect(run.stderr).toBe(
    `millwright: nothing answers at ${url}: start Millwright there ("millwright start"), or name another place with --server\n`,
  )
  const debug = await runMillwright(['tags', '--server', url], { env: { MILLWRIGHT_DEBUG: '1' } })
  expect(debug.stderr).toContain('    at ')
  expect((await runMillwright(['tags', '--server', 'localhost'])).stderr).toContain('write a URL such as')
})

test('a reader that has seen enough ends the output quietly', async () => {
  const tags = Array.from({ length: 20_000 }, (_, index) => ({ path: `m/tag ${index}`, kind: 'number', unit: null, latest: null }))
  const api = await startApiStandIn(() => ({ body: tags }))
  onTestFinished(() => api.close())
  const child = spawn(process.execPath, ['bin/millwright.js', 'tags', '--server', api.url])
  let stderr = ''
  child.stderr.on('data', (chunk) => (stderr += String(chunk)))
  child.stdout.once('data', () => child.stdout.destroy())
  await once(child, 'exit')
  expect(stderr).toBe('')
})

test('the doctor names a port that another program has, and exits with 1', async () => {
  const other = createServer((socket) => socket.end('hello\r\n')).listen(0, '127.0.0.1')
  onTestFinished(() => void other.close())
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const { code, stdout } = await runMillwright(['doctor', '--port', String(port), '--data', tmpdir()])
  expect(code).toBe(1)
  expect(stdout).toContain(`fail  port ${port} is taken by another program. Mend: end it, or start with --port N or --next-free-port`)
  expect(stdout).toMatch(/^(ok  |warn) {2}.*ports of the demo plant are free|of the demo plant's ports, taken/m)
  expect(stdout).toMatch(/^ok {4}Node 2\d\./)
  expect(stdout).toContain(`ok    data folder ${tmpdir()} can be written`)
})

test('the doctor knows a Millwright by its answer', async () => {
  const api = await startApiStandIn()
  onTestFinished(() => api.close())
  const { stdout } = await runMillwright(['doctor', '--port', new URL(api.url).port, '--data', tmpdir()])
  expect(stdout).toContain(`ok    Millwright 0.0.0 answers at ${api.url}, status ok`)
})
