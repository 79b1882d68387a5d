// Starts the simulated machines of a plant with their protocol servers, and the control server that injects faults.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '#core/clock.ts'
import type { Log } from '#core/driver.ts'
import { ConfigError, messageOf } from '#core/errors.ts'
import type { Plant } from '#core/plant.ts'
import { startControlServer, type ControlServer } from './control-server.ts'
import { createMachine, portOption } from './create-machine.ts'
import { FaultBook } from './fault-book.ts'
import { fleetOf, type Fleet } from './fleet.ts'
import { quietLog } from './quiet-log.ts'
import type { SimulatedMachine } from './machine.ts'

export interface SimulationOptions {
  readonly clock: Clock
  readonly log: Log
  /** Where servers keep their certificates; a temporary folder when absent, removed at the end. */
  readonly folder?: string
}

export interface Simulation extends Fleet {
  /** Of the control server, e.g. `http://127.0.0.1:8090`. */
  readonly controlAddress: string
  stop(): Promise<void>
}

/** Resolves when every server listens. Throws `ConfigError` and leaves nothing running when one cannot. */
export async function startSimulators(plant: Plant, { clock, log: loud, folder }: SimulationOptions): Promise<Simulation> {
  const log = quietLog(loud, clock)
  const { simulation } = plant
  if (!simulation) throw new ConfigError(`the plant "${plant.plant}" has no simulation; add it to the plant file`)
  const ownFolder = folder ?? (await mkdtemp(join(tmpdir(), 'millwright-simulators-')))
  const machines: SimulatedMachine[] = []
  let control: ControlServer | undefined
  const stop = async () => {
    await Promise.all([control?.stop(), ...machines.map((machine) => machine.stop())])
    if (folder === undefined) await rm(ownFolder, { recursive: true, force: true })
  }
  try {
    for (const simulator of simulation.machines) {
      if (machines.some(({ path }) => path === simulator.machine))
        throw new ConfigError(`the machine ${simulator.machine} is simulated twice; remove one`)
      machines.push(createMachine(simulator, plant, { clock, log, folder: ownFolder }))
    }
    await openAll(machines)
    const fleet = fleetOf(machines, simulation.speed, clock, new FaultBook((message) => log.warn(message)))
    const port = simulation.controlPort
    control = await startControlServer(port, portOption(plant, port) ?? 'simulation.controlPort', fleet)
    machines.forEach((machine, index) => machine.run(index / machines.length))
    const { address } = control
    return {
      controlAddress: address,
      get faults() {
        return fleet.faults
      },
      get machines() {
        return fleet.machines
      },
      inject: (request) => fleet.inject(request),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/**
 * Starts all servers; throws one `ConfigError` that names every failure. One after another: an OPC UA server parses megabytes when it starts,
 * and what all of them need for that at once the process would keep.
 */
async function openAll(machines: readonly SimulatedMachine[]): Promise<void> {
  const failures: string[] = []
  for (const machine of machines) await machine.open().catch((error: unknown) => failures.push(messageOf(error)))
  if (failures.length > 0) throw new ConfigError(failures.join('\n'))
}
