// The whole line under a steady load: 1,000 tags at 10 Hz through gateway, outbox, ingest, store and live socket.
// Counts that nothing is lost, and measures the delay from source to durable store and to a WebSocket client, CPU and memory,
// each beside the limit we set ourselves.
import { fork } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { WebSocket } from 'ws'
import type { ConnectionList } from '#api/connections/schema.ts'
import type { LiveMessage } from '#api/live/schema.ts'
import { systemClock } from '#core/clock.ts'
import { parseTime } from '#core/time.ts'

const limits = { delayP99Ms: 250, cpuCores: 0.5, rssMb: 400, stallMs: 20 }
const { values: asked } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    tags: { type: 'string', default: '1000' },
    period: { type: 'string', default: '100' },
  },
})
const seconds = Number(asked.seconds)
const tags = Number(asked.tags)
const periodMs = Number(asked.period)

const folder = await mkdtemp(join(tmpdir(), 'bench-line-'))
const child = fork(join(import.meta.dirname, 'server.process.ts'), [folder, String(tags), String(periodMs), String(seconds)])
const message = <T>() => new Promise<T>((resolve) => child.once('message', (news) => resolve(news as T)))

try {
  const { url } = await message<{ url: string }>()
  const started = performance.now()
  const socketDelays: number[] = []
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/live`)
  socket.on('open', () =>
    socket.send(
      JSON.stringify({
        type: 'subscribe',
        machines: Array.from({ length: Math.ceil(tags / 50) }, (_, index) => `bench/line/machine-${index}`),
      }),
    ),
  )
  socket.on('message', (data) => {
    const now = systemClock.now()
    const live = JSON.parse((data as Buffer).toString()) as LiveMessage
    if (live.type === 'values') for (const { time } of live.values) socketDelays.push((now - (parseTime(time) ?? now)) / 1000)
  })
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
  const wall = (performance.now() - started) / 1000
  child.send('figures')
  const { cpuSeconds, rssMax, delays, stallP99Ms, stallMaxMs } = await message<Figures>()
  await new Promise((resolve) => setTimeout(resolve, 3000))
  socket.terminate()
  const [connection] = (await (await fetch(`${url}/api/v1/connections`)).json()) as ConnectionList
  const ledger = connection?.ledger
  const expected = tags * Math.round((seconds * 1000) / periodMs)
  const rows = [
    ['values in', ledger?.collected, expected],
    ['values stored', ledger?.stored, expected],
    ['source → stored p50 ms', percentileOfHistogram(delays, 0.5), limits.delayP99Ms],
    ['source → stored p99 ms', percentileOfHistogram(delays, 0.99), limits.delayP99Ms],
    ['source → WebSocket p50 ms', percentile(socketDelays, 0.5), limits.delayP99Ms],
    ['source → WebSocket p99 ms', percentile(socketDelays, 0.99), limits.delayP99Ms],
    ['event loop stall p99 ms', stallP99Ms, limits.stallMs],
    ['event loop stall max ms', stallMaxMs, limits.stallMs],
    ['CPU cores', cpuSeconds / wall, limits.cpuCores],
    ['RSS MB', rssMax / 1e6, limits.rssMb],
  ].map(([name, figure = 0, limit = 0]) => ({
    name,
    figure: Math.round(Number(figure) * 1000) / 1000,
    limit,
    ratio: Math.round((1000 * Number(figure)) / Number(limit)) / 1000,
  }))
  console.table(rows)
  const results = join(import.meta.dirname, '..', 'results')
  await mkdir(results, { recursive: true })
  await writeFile(
    join(results, 'line.json'),
    `${JSON.stringify({ seconds, tags, periodMs, cpu: cpus()[0]?.model, cores: cpus().length, node: process.version, rows }, null, 2)}\n`,
  )
  if (ledger?.stored !== ledger?.collected) throw new Error('values were lost')
} finally {
  child.send('stop')
  await new Promise((resolve) => child.once('exit', resolve))
  await rm(folder, { recursive: true })
}

interface Figures {
  cpuSeconds: number
  rssMax: number
  /** Counts per millisecond. */
  delays: number[]
  stallP99Ms: number
  stallMaxMs: number
}

function percentile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).toSorted()
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

/** Of counts per millisecond. */
function percentileOfHistogram(counts: readonly number[], share: number): number {
  const wanted = counts.reduce((sum, count) => sum + count, 0) * share
  let sum = 0
  return counts.findIndex((count) => (sum += count) > wanted)
}
