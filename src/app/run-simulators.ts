// Simulators of a plant file in this process: for the demo's second process and for `millwright sim run`.
import { join, resolve } from 'node:path'
import { systemClock } from '#core/clock.ts'
import type { Log } from '#core/driver.ts'
import { ConfigError } from '#core/errors.ts'
import { loadPlant } from '#plant/load.ts'
import { startSimulators } from '#sim/simulation.ts'
import { demoPlantFile, profilesFolderDefault } from './package-folder.ts'

export interface RunSimulatorsOptions {
  readonly plant?: string | undefined
  readonly profiles?: string | undefined
  /** Named ports that replace those of the plant file. */
  readonly ports?: Readonly<Record<string, number>> | undefined
  readonly data: string
  readonly speed?: number | undefined
  readonly seed?: number | undefined
}

export interface RunningSimulators {
  readonly machines: number
  readonly controlPort: number
  readonly stop: () => Promise<void>
}

/** Starts them and resolves when they serve. Throws `ConfigError`. */
export async function runSimulators(options: RunSimulatorsOptions, log: Log): Promise<RunningSimulators> {
  const file = options.plant ?? demoPlantFile
  const plant = await loadPlant({ file, profilesFolder: resolve(options.profiles ?? profilesFolderDefault), ports: options.ports ?? {} })
  if (!plant.simulation) throw new ConfigError(`${file} has no simulation; add one with its machines`)
  const { speed = plant.simulation.speed, seed = plant.simulation.seed } = options
  const simulation = { ...plant.simulation, speed, seed }
  const running = await startSimulators(
    { ...plant, simulation },
    { clock: systemClock, log, folder: join(resolve(options.data), 'simulators') },
  )
  return { machines: simulation.machines.length, controlPort: simulation.controlPort, stop: () => running.stop() }
}
