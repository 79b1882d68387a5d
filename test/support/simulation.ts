// Simulated machines for tests: a plant of them as from a plant file, on free ports.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock, type Clock } from '#core/clock.ts'
import type { Plant, SimulatorDefinition } from '#core/plant.ts'
import { loadPlant } from '#plant/load.ts'
import { startSimulators, type Simulation } from '#sim/simulation.ts'
import { freePort } from './free-port.ts'

export const profilesFolder = join(import.meta.dirname, '..', '..', 'profiles')

export interface TestMachine extends Pick<SimulatorDefinition, 'model' | 'serve'> {
  readonly path: string
  readonly profile: string
  readonly parameters?: Record<string, number>
}

export interface TestSimulation extends Simulation, AsyncDisposable {
  readonly logged: readonly string[]
}

/** A plant of nothing but these machines, with the profiles of the repository. */
export async function plantOf(machines: readonly TestMachine[], speed = 1): Promise<Plant> {
  const folder = await mkdtemp(join(tmpdir(), 'millwright-plant-'))
  const file = join(folder, 'plant.yaml')
  const plant = {
    plant: 'Test',
    machines: machines.map(({ path, profile }) => ({ path, profile })),
    simulation: {
      speed,
      controlPort: await freePort(),
      machines: machines.map(({ path, model, serve, parameters = {} }) => ({ machine: path, model, serve, parameters })),
    },
  }
  try {
    await writeFile(file, JSON.stringify(plant))
    return await loadPlant({ file, profilesFolder, drivers: new Map() })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

export async function simulate(
  machines: readonly TestMachine[],
  { speed = 1, clock = systemClock }: { speed?: number; clock?: Clock } = {},
): Promise<TestSimulation> {
  const logged: string[] = []
  const log = { info: (message: string) => void logged.push(message), warn: (message: string) => void logged.push(message) }
  const simulation = await startSimulators(await plantOf(machines, speed), { clock, log })
  return Object.assign(simulation, { logged, [Symbol.asyncDispose]: () => simulation.stop() })
}
