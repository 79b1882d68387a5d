// Entry of the simulators' process: takes one order from its parent, serves until the parent ends it or is gone.
import { messageOf } from '#core/errors.ts'
import { createLog } from './log.ts'
import { runSimulators, type RunSimulatorsOptions } from './run-simulators.ts'
import type { SimulatorsNews } from './simulators.ts'

const tell = (news: SimulatorsNews) => process.send?.(news)

process.once('message', (order: RunSimulatorsOptions) => {
  run(order).catch((error: unknown) => {
    tell({ failed: messageOf(error) })
    process.disconnect()
    process.exitCode = 1
  })
})

async function run(order: RunSimulatorsOptions): Promise<void> {
  const running = await runSimulators(order, createLog())
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
  tell({ ready: true, controlPort: running.controlPort })
}
