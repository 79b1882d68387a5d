// Builds a simulated machine with its protocol servers from the plant file, and says what is wrong with its entry.
import { join } from 'node:path'
import { z } from 'zod'
import type { Clock } from '#core/clock.ts'
import type { Log } from '#core/driver.ts'
import { ConfigError } from '#core/errors.ts'
import type { Plant, SimulatorDefinition } from '#core/plant.ts'
import { SimulatedMachine } from './machine.ts'
import type { ModelDefinition } from './model.ts'
import { models } from './models/catalog.ts'
import { protocols } from './servers/catalog.ts'

/** `serve:` holds protocols by name and, beside them, how often the machine measures. */
const periodSchema = z.int().min(50).max(3_600_000).default(1000)

export interface Surroundings {
  readonly clock: Clock
  readonly log: Log
  /** Holds one folder per machine and protocol. */
  readonly folder: string
}

/** Touches no network. Throws `ConfigError`. */
export function createMachine(simulator: SimulatorDefinition, plant: Plant, { clock, log, folder }: Surroundings): SimulatedMachine {
  const wrong = (message: string) => new ConfigError(`simulated machine ${simulator.machine}: ${message}`)
  const profile = plant.profiles.get(plant.machines.find(({ path }) => path === simulator.machine)?.profile ?? '')
  if (!profile) throw wrong('it has no profile; add it under machines')
  const model = models.get(simulator.model)
  if (!model) throw wrong(`no model "${simulator.model}"; there are ${[...models.keys()].join(', ')}`)
  const parameterFault = faultOfParameters(simulator.parameters, model)
  if (parameterFault) throw wrong(parameterFault)
  const { periodMs: givenPeriod, ...served } = simulator.serve
  const periodMs = periodSchema.safeParse(givenPeriod)
  if (!periodMs.success) throw wrong('serve.periodMs: write 50 to 3600000 milliseconds')
  const { seed = 1, speed = 1 } = plant.simulation ?? {}
  const { parameters, machine: path } = simulator
  const machine = new SimulatedMachine({ path, model, profile, parameters, seed, speed, periodMs: periodMs.data, clock, log })
  for (const [name, settings] of Object.entries(served)) {
    const protocol = protocols.get(name)
    if (!protocol) throw wrong(`serve: no protocol "${name}"; there are ${[...protocols.keys()].join(', ')}`)
    const parsed = protocol.settings.safeParse(settings)
    if (!parsed.success) {
      const [issue] = parsed.error.issues
      throw wrong(`${['serve', name, ...(issue?.path ?? [])].join('.')}: ${issue?.message}`)
    }
    const context = {
      machine,
      clock,
      log,
      folder: join(folder, path.replaceAll('/', '_'), name),
      portOption: (port: number) => portOption(plant, port) ?? `serve.${name}.port of ${path}`,
    }
    machine.serveBy(name, protocol.create(parsed.data, context))
  }
  return machine
}

/** The name under which a plant file sets a port, if it has one. */
export function portOption({ ports }: Plant, port: number): string | undefined {
  const name = Object.keys(ports).find((key) => ports[key] === port)
  return name === undefined ? undefined : `ports.${name}`
}

function faultOfParameters(given: Readonly<Record<string, number>>, model: ModelDefinition): string | undefined {
  const unknown = Object.keys(given).find((name) => !(name in model.parameters))
  if (unknown === undefined) return undefined
  return `the model ${model.name} has no parameter "${unknown}"; it has ${Object.keys(model.parameters).join(', ')}`
}
