import { expect, test } from 'vitest'
import { faultListSchema, faultSchema } from '#core/fault.ts'
import { simulate, type TestSimulation } from '#test/support/simulation.ts'

const pump = { path: 'site/pump-1', profile: 'rotating-equipment', model: 'pump', serve: {} }

const post = async ({ controlAddress }: TestSimulation, body: string, type = 'application/json') => {
  const response = await fetch(`${controlAddress}/faults`, { method: 'POST', headers: { 'content-type': type }, body })
  return { status: response.status, json: (await response.json()) as { error?: string; message?: string } }
}

test('A posted fault answers its ground truth and stands in the list', async () => {
  await using simulation = await simulate([pump])
  const { status, json } = await post(simulation, JSON.stringify({ machine: 'pump-1', fault: 'overheating' }))
  expect(status).toBe(200)
  const fault = faultSchema.parse(json)
  expect(fault).toMatchObject({ id: 1, machine: 'site/pump-1', fault: 'overheating', severity: 1, active: true })
  const listed = await fetch(`${simulation.controlAddress}/faults`)
  expect(faultListSchema.parse(await listed.json())).toEqual([fault])
})

test('Machines come with their faults, sensors and truth', async () => {
  await using simulation = await simulate([pump])
  const machines = (await (await fetch(`${simulation.controlAddress}/machines`)).json()) as Record<string, unknown>[]
  expect(machines).toHaveLength(1)
  expect(machines[0]).toMatchObject({ path: 'site/pump-1', model: 'pump', online: true, sensors: ['temperature', 'vibration', 'pressure'] })
  expect(machines[0]?.['truth']).toMatchObject({ wear: expect.any(Number), temperature: expect.any(Number) })
})

test('Bad requests get an answer that says what was wrong', async () => {
  await using simulation = await simulate([pump])
  expect(await post(simulation, '{"machine":')).toMatchObject({
    status: 400,
    json: { error: 'Bad Request', message: expect.stringMatching(/no JSON/) },
  })
  expect(await post(simulation, '{"machine":"pump-1","fault":"flood"}')).toMatchObject({
    status: 400,
    json: { message: expect.stringMatching(/fault: .*overheating/) },
  })
  expect(await post(simulation, '{"machine":"x","fault":"leak"}')).toMatchObject({
    status: 400,
    json: { message: expect.stringMatching(/no simulated machine "x"/) },
  })
  expect(await post(simulation, '{"machine":"pump-1","fault":"leak"}', 'text/plain')).toMatchObject({ status: 415 })
  expect(await post(simulation, JSON.stringify({ machine: 'x'.repeat(100_000) }))).toMatchObject({ status: 413 })
  expect((await fetch(`${simulation.controlAddress}/secrets`)).status).toBe(404)
  expect((await fetch(`${simulation.controlAddress}/machines`, { method: 'DELETE' })).status).toBe(405)
  expect(simulation.faults).toEqual([])
})

test('A taken control port is named with the option that changes it', async () => {
  await using simulation = await simulate([pump])
  const port = Number(new URL(simulation.controlAddress).port)
  const { startControlServer } = await import('./control-server.ts')
  await expect(startControlServer(port, 'ports.control', simulation)).rejects.toThrow(
    new RegExp(`port ${port} for the simulators' fault control .*set ports.control in the plant file`),
  )
})
