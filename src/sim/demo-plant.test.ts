// The demonstration plant as it is shipped: it starts whole, and what its connections read is what its machines serve.
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { systemClock } from '#core/clock.ts'
import { defineDriver } from '#core/driver.ts'
import { nameOf } from '#core/path.ts'
import type { Plant } from '#core/plant.ts'
import { loadPlant } from '#plant/load.ts'
import { freePort } from '#test/support/free-port.ts'
import { profilesFolder } from '#test/support/simulation.ts'
import { models } from './models/catalog.ts'
import { randomOf } from './random.ts'
import { startSimulators } from './simulation.ts'

const portNames = ['mqtt', 'push', 'modbus', 'coap', 'printer-1', 'printer-2', 'climate-3', 'control']

/** The real drivers check their settings and addresses in tests of their own; here any will do. */
const anyDriver = (name: string) =>
  defineDriver({
    name,
    title: name,
    description: '',
    settings: z.unknown(),
    address: z.unknown(),
    create: () => {
      throw new Error('not here')
    },
  })

async function loadDemo(): Promise<Plant> {
  return loadPlant({
    file: join(import.meta.dirname, '..', '..', 'examples', 'demo-plant.yaml'),
    profilesFolder,
    drivers: new Map(['opcua', 'mqtt', 'modbus', 'coap', 'http'].map((name) => [name, anyDriver(name)])),
    ports: Object.fromEntries(await Promise.all(portNames.map(async (name) => [name, await freePort()] as const))),
  })
}

test('Every machine is simulated and read, over one protocol, by the very tags its model has', async () => {
  const plant = await loadDemo()
  const simulated = new Map(plant.simulation?.machines.map((simulator) => [simulator.machine, simulator]))
  expect([...simulated.keys()].toSorted()).toEqual(plant.machines.map(({ path }) => path).toSorted())
  for (const { path, profile } of plant.machines) {
    const connections = plant.connections.filter(({ machines }) => machines.includes(path))
    expect(connections, path).toHaveLength(1)
    const driver = connections[0]?.driver ?? ''
    const { serve = {}, model = '' } = simulated.get(path) ?? {}
    expect(Object.keys(serve), path).toContain(driver)
    const readings = models.get(model)?.create({}, randomOf(1, path)).readings() ?? {}
    expect(Object.keys(plant.profiles.get(profile)?.maps[driver] ?? {}).toSorted(), path).toEqual(Object.keys(readings).toSorted())
    if (driver === 'http') expect(serve).toMatchObject({ http: { url: expect.stringMatching(new RegExp(`/push/${nameOf(path)}$`)) } })
    if (profile === 'smart-device') expect(serve).toMatchObject({ mqtt: { topic: `devices/${nameOf(path)}/telemetry` } })
  }
})

test('The whole plant starts, runs and stops', async () => {
  const plant = await loadDemo()
  const simulation = await startSimulators(plant, { clock: systemClock, log: { info() {}, warn() {} } })
  try {
    expect(simulation.machines).toHaveLength(28)
    expect(simulation.machines.every(({ online }) => online)).toBe(true)
    expect(simulation.inject({ machine: 'SIM001', fault: 'leak', severity: 1, durationSeconds: 1 }).machine).toBe(
      'demo/forming/press/SIM001',
    )
  } finally {
    await simulation.stop()
  }
})
