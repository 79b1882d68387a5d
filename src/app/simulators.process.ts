// Entry of the simulators' process: takes one order from its parent, serves until the parent ends it or is gone.
import { systemClock } from '#core/clock.ts'
import { messageOf } from '#core/errors.ts'
import { loadPlant } from '#plant/load.ts'
import { startSimulators } from '#sim/simulation.ts'
import { createLog } from './log.ts'
import type { SimulatorsNews, SimulatorsOrder } from './simulators.ts'

const tell = (news: SimulatorsNews) => process.send?.(news)

process.once('message', (order: SimulatorsOrder) => {
  run(order).catch((error: unknown) => {
    tell({ failed: messageOf(error) })
    process.disconnect()
    process.exitCode = 1
  })
})

async function run({ plantFile, profilesFolder, ports, folder, speed, seed }: SimulatorsOrder): Promise<void> {
  const plant = await loadPlant({ file: plantFile, profilesFolder, ports })
  if (!plant.simulation) throw new Error(`${plantFile} has no simulation; add one with its machines`)
  const simulation = { ...plant.simulation, speed: speed ?? plant.simulation.speed, seed: seed ?? plant.simulation.seed }
  const running = await startSimulators({ ...plant, simulation }, { clock: systemClock, log: createLog(), folder })
  const stop = () => {
    running.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  process.once('SIGTERM', stop)
  // Ctrl-C reaches the whole process group; the parent decides when to stop.
  process.on('SIGINT', () => {})
  process.once('disconnect', stop)
  tell({ ready: true, controlPort: simulation.controlPort })
}
