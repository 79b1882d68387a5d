// `millwright sim`: simulated machines. This is the parent; each sub-command has its own file.
import type { Command } from 'commander'
import { registerSimFault, registerSimFaults } from './sim-fault.ts'
import { registerSimRun } from './sim-run.ts'

export function registerSim(program: Command): void {
  const sim = program.command('sim').description('simulated machines with physics, faults and ground truth')
  registerSimRun(sim)
  registerSimFault(sim)
  registerSimFaults(sim)
}
