// The measured process: a whole server whose gateway reads the synthetic source. Says its address, and on request its figures.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import pino from 'pino'
import { startServer } from '#app/server.ts'
import { plantSchema } from '#core/plant.ts'
import { systemClock } from '#core/clock.ts'
import { sourceDriver } from './source.ts'

const [folder = '', tagCount = '1000', periodMs = '100', seconds = '30'] = process.argv.slice(2)
const tags = Object.fromEntries(
  Array.from({ length: Number(tagCount) }, (_, index) => [`bench/line/machine-${Math.floor(index / 50)}/t${index}`, {}]),
)
const plant = plantSchema.parse({
  plant: 'Bench',
  connections: [{ name: 'source', driver: 'source', tags, settings: { periodMs: Number(periodMs), seconds: Number(seconds) } }],
})

/** Delay from source to durable store in microseconds, a bucket per millisecond. */
const delays = new Uint32Array(60_000)
const server = await startServer({
  plant: { ...plant, profiles: new Map() },
  folder,
  port: 0,
  log: pino({ level: 'warn' }),
  drivers: new Map([['source', sourceDriver]]),
  onStored: (batch) => {
    const now = systemClock.now()
    for (let row = 0; row < batch.count; row++) {
      const delayMs = Math.max(0, Math.floor((now - (batch.time[row] as number)) / 1000))
      delays[Math.min(delayMs, delays.length - 1)] = (delays[Math.min(delayMs, delays.length - 1)] as number) + 1
    }
  },
})
const loop = monitorEventLoopDelay({ resolution: 2 })
loop.enable()
const cpuAtStart = process.cpuUsage()
let rssMax = 0
setInterval(() => (rssMax = Math.max(rssMax, process.memoryUsage.rss())), 200).unref()

process.on('message', async (message: 'figures' | 'stop') => {
  if (message === 'stop') {
    await server.stop()
    process.disconnect()
    return
  }
  const { user, system } = process.cpuUsage(cpuAtStart)
  process.send?.({
    cpuSeconds: (user + system) / 1e6,
    rssMax,
    delays: Array.from(delays),
    stallP99Ms: loop.percentile(99) / 1e6,
    stallMaxMs: loop.max / 1e6,
  })
})
process.send?.({ url: server.url })
