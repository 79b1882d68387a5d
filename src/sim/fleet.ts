// All simulated machines together: finds one by its name, injects faults, keeps the ground truth.
import type { Clock } from '#core/clock.ts'
import { Rejected } from '#core/errors.ts'
import type { Fault, FaultKind, FaultRequest } from '#core/fault.ts'
import { FaultBook, faultAt } from './fault-book.ts'
import { activeFaultsMax, type SimulatedMachine } from './machine.ts'
import type { Readings } from './model.ts'

/** Wall-clock time that a restart takes, at any speed: connections, too, need real time. */
export const restartMs = 5000

export interface MachineState {
  readonly path: string
  readonly name: string
  readonly model: string
  /** False during a drop-out or restart. */
  readonly online: boolean
  /** The faults it can have. */
  readonly faults: readonly FaultKind[]
  /** The tags that sensor faults can act on. */
  readonly sensors: readonly string[]
  /** True readings, and what no sensor shows, such as wear (0 new, 1 failed). */
  readonly truth: Readonly<Readings>
  /** What each protocol server counted. */
  readonly servers: Readonly<Record<string, Readonly<Record<string, number>>>>
}

export interface Fleet {
  /** Ground truth, oldest first. */
  readonly faults: readonly Fault[]
  readonly machines: readonly MachineState[]
  /** Throws `Rejected` with the reason. */
  inject(request: FaultRequest): Fault
}

export function fleetOf(machines: readonly SimulatedMachine[], speed: number, clock: Clock, book: FaultBook): Fleet {
  function find(name: string): SimulatedMachine {
    const byPath = machines.find((machine) => machine.path === name)
    const [found, ...others] = byPath ? [byPath] : machines.filter((machine) => machine.name === name)
    if (!found) throw new Rejected(`no simulated machine "${name}"; there are ${machines.map((machine) => machine.path).join(', ')}`)
    if (others.length > 0)
      throw new Rejected(`"${name}" names ${[found, ...others].map((machine) => machine.path).join(', ')}; write the whole path`)
    return found
  }
  return {
    get faults() {
      return book.list(clock.now())
    },
    get machines() {
      return machines.map(stateOf)
    },
    inject({ machine: name, fault, tag, severity, durationSeconds }) {
      const machine = find(name)
      const affected = machine.faultTag(fault, tag)
      if (machine.activeFaults >= activeFaultsMax)
        throw new Rejected(`${machine.path} has ${activeFaultsMax} faults at a time already; wait for one to end`)
      const start = clock.now()
      const lengthUs = fault === 'restart' ? restartMs * 1000 : (durationSeconds * 1e6) / speed
      const record = book.add({ machine: machine.path, fault, tag: affected, severity, start, end: Math.round(start + lengthUs) })
      machine.suffer(record)
      return faultAt(record, start)
    },
  }
}

function stateOf(machine: SimulatedMachine): MachineState {
  return {
    path: machine.path,
    name: machine.name,
    model: machine.model.name,
    online: machine.online,
    faults: machine.supportedFaults,
    sensors: Object.keys(machine.model.sensors),
    truth: machine.truth(),
    servers: machine.counters(),
  }
}
