// The demo plant as a user meets it: one command, machines over five protocols, faults, Ctrl-C, a second start, a crash.
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { ArrayAt } from '#api/arrays/schema.ts'
import type { ConnectionList } from '#api/connections/schema.ts'
import type { MachineList } from '#api/machines/schema.ts'
import type { Samples } from '#api/samples/schema.ts'
import type { TagList } from '#api/tags/schema.ts'
import type { Fault } from '#core/fault.ts'
import { ledgerBalances } from '#core/ledger.ts'
import { startDemo, type Demo } from '#test/support/demo.ts'
import { runProgram } from '#test/support/program.ts'

let demo: Demo
beforeAll(async () => {
  demo = await startDemo()
})
afterAll(() => demo.stop())

const patience = { timeout: 30_000, interval: 200 }

async function get<T>(path: string): Promise<T> {
  const response = await fetch(`${demo.url}${path}`)
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as T
}
const machines = () => get<MachineList>('/api/v1/machines')
const connections = () => get<ConnectionList>('/api/v1/connections')

test('every machine of the plant is there and alive, each over its own protocol', async () => {
  await vi.waitFor(async () => {
    const list = await machines()
    expect(list).toHaveLength(28)
    expect(list.filter(({ status }) => status === 'offline').map(({ path }) => path)).toEqual([])
  }, patience)
  const list = await connections()
  expect(new Set(list.map(({ driver }) => driver))).toEqual(new Set(['opcua', 'modbus', 'mqtt', 'coap', 'http']))
  expect(list.filter(({ state }) => state !== 'connected')).toEqual([])
  expect(list.filter(({ faults }) => faults > 0).map(({ name, lastFault }) => [name, lastFault])).toEqual([])
  expect(await get('/api/v1/health')).toMatchObject({ status: 'ok' })
})

test('every tag of every machine has a good value in its range', async () => {
  await vi.waitFor(async () => {
    const tags = await get<TagList>('/api/v1/tags')
    expect(tags.length).toBeGreaterThan(150)
    expect(tags.filter(({ latest }) => latest?.quality !== 'good').map(({ path, latest }) => [path, latest])).toEqual([])
  }, patience)
})

test('the printer shows a field of 100×100 temperatures between 20 and 80 °C with a hot spot', async () => {
  const field = await get<ArrayAt>('/api/v1/arrays/at?tag=demo/additive/dmls/printer-1/field&time=latest')
  expect(field.shape).toEqual([100, 100])
  expect(Math.min(...field.data)).toBeGreaterThanOrEqual(20)
  expect(Math.max(...field.data)).toBeLessThanOrEqual(80)
  expect(Math.max(...field.data)).toBeGreaterThan(Math.min(...field.data) + 5)
})

test('the ledger of every connection balances', async () => {
  await vi.waitFor(
    async () => expect((await connections()).filter(({ ledger }) => !ledgerBalances(ledger) || ledger.dropped > 0)).toEqual([]),
    patience,
  )
})

test('a fault is injected, seen in the values, and recorded as ground truth', async () => {
  const response = await fetch(`${demo.url}/api/v1/sim/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ machine: 'demo/building/climate/climate-2', fault: 'stuckSensor', tag: 'temperature', durationSeconds: 6 }),
  })
  expect(response.status).toBe(200)
  const fault = (await response.json()) as Fault
  await vi.waitFor(async () => {
    const { samples } = await get<Samples>(
      `/api/v1/samples?tag=demo/building/climate/climate-2/temperature&from=${fault.start}&to=${fault.end}`,
    )
    expect(samples.length).toBeGreaterThanOrEqual(4)
    expect(new Set(samples.slice(1).map(({ value }) => value)).size).toBe(1)
  }, patience)
  expect(await get<Fault[]>('/api/v1/sim/faults')).toContainEqual(
    expect.objectContaining({ id: fault.id, fault: 'stuckSensor', start: fault.start }),
  )
  const refused = await fetch(`${demo.url}/api/v1/sim/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ machine: 'nowhere', fault: 'leak' }),
  })
  expect(refused.status).toBe(400)
})

test('curl posts samples and they are there', async () => {
  const body = '[{"tag":"site/curl/machine/x","value":42},{"tag":"site/curl/machine/x","value":"NaN"}]'
  const { output } = await runProgram('curl', ['-s', '-H', 'content-type: application/json', '-d', body, `${demo.url}/api/v1/samples`])
  expect(JSON.parse(output)).toMatchObject({ accepted: 1, rejected: [{ index: 1 }] })
  expect(await get('/api/v1/samples?tag=site/curl/machine/x')).toMatchObject({ samples: [{ value: 42, quality: 'good' }] })
})

test('after a crash at full run nothing that was answered is missing, and the plant comes back', async () => {
  const posted: number[] = []
  const tag = 'site/crash/machine/count'
  const posting = (async () => {
    for (let value = 0; ; value++) {
      const response = await fetch(`${demo.url}/api/v1/samples`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify([{ tag, value }]),
      })
      if (response.ok) posted.push(value)
    }
  })().catch(() => {})
  await vi.waitFor(() => expect(posted.length).toBeGreaterThan(50), patience)
  await demo.kill()
  await posting
  demo = await startDemo(demo.folder)
  const { samples } = await get<Samples>(`/api/v1/samples?tag=${tag}&limit=10000`)
  const values = samples.map(({ value }) => value as number)
  expect(new Set(values).size).toBe(values.length)
  expect(posted.filter((value) => !values.includes(value))).toEqual([])
  await vi.waitFor(
    async () => expect((await machines()).filter(({ path, status }) => path.startsWith('demo/') && status === 'offline')).toEqual([]),
    patience,
  )
  await vi.waitFor(async () => expect((await connections()).filter(({ ledger }) => !ledgerBalances(ledger))).toEqual([]), patience)
})

test('Ctrl-C stops everything cleanly, and a second start finds the earlier data', async () => {
  const { samples: before } = await get<Samples>('/api/v1/samples?tag=demo/forming/press/SIM001/temperature&order=desc&limit=3')
  expect(before).toHaveLength(3)
  expect(await demo.interrupt()).toBe(0)
  demo = await startDemo(demo.folder)
  const at = before[0]?.time as string
  const { samples } = await get<Samples>(`/api/v1/samples?tag=demo/forming/press/SIM001/temperature&from=${at}&limit=1`)
  expect(samples).toEqual(before.slice(0, 1))
})
