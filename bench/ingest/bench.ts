// From the wire until durable and readable: batch frames, JSON, line protocol and MQTT into a running server, beside the same lines into
// VictoriaMetrics and InfluxDB. npm run bench -- ingest [--points 5M] [--connections 4] [--rounds 3] [--only frame,json,lines,mqtt,vm,influx]
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { countText, readCount } from '#bench/support/count.ts'
import { barText, machine, markdownTable, printTable, writeResults, type Bar } from '#bench/support/results.ts'
import { withScratch } from '#bench/support/scratch.ts'
import { median } from '#bench/support/statistics.ts'
import { createTelemetry } from '#bench/support/telemetry.ts'
import { runWay, type WayFigures } from './run-way.ts'
import { waysOf, type Way } from './ways.ts'

const tags = 1000
/** Times VictoriaMetrics' line protocol. */
const limits = [
  { name: 'frame', factor: 3 },
  { name: 'lines', factor: 1.2 },
] as const

const { values: asked } = parseArgs({
  options: {
    points: { type: 'string', default: '5M' },
    connections: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', default: 'frame,json,lines,mqtt,vm,influx' },
  },
})
const connections = Number(asked.connections)
const rounds = Number(asked.rounds)

interface Outcome {
  readonly way: Way
  readonly figures: WayFigures
}

await withScratch('ingest', async (scratch) => {
  const ways = waysOf(asked.only.split(','))
  const telemetry = createTelemetry({ tags }).write(join(scratch.folder, 'telemetry'), readCount(asked.points))
  const results = new Map<Way, WayFigures[]>(ways.map((way) => [way, []]))
  // Round by round, so that what else the machine does meets all of them.
  for (let round = 1; round <= rounds; round++)
    for (const [way, figures] of results) {
      figures.push(await runWay(scratch, way, telemetry, connections))
      console.log(`${way.title}, round ${round}: ${countText(Math.round(figures.at(-1)?.pointsPerSecond ?? 0))} points/s`)
    }
  const outcomes = Array.from(results, ([way, figures]): Outcome => ({ way, figures: mediansOf(figures) }))
  const bars = barsOf(outcomes)
  const table = outcomes.map(rowOf)
  printTable(table)
  for (const bar of bars) console.log(barText(bar))
  const figures = Object.fromEntries(outcomes.map(({ way, figures }) => [way.name, figures]))
  const facts = { points: telemetry.unique, tags, connections, rounds, ...machine() }
  await writeResults('ingest', { ...facts, ways: figures, bars }, pageOf(facts, markdownTable(table), bars))
})

function mediansOf(rounds: readonly WayFigures[]): WayFigures {
  const names = Object.keys(rounds[0] ?? {}) as (keyof WayFigures)[]
  return Object.fromEntries(names.map((name) => [name, median(rounds.map((figures) => figures[name]))])) as unknown as WayFigures
}

function rowOf({ way, figures }: Outcome) {
  return {
    'way in': way.title,
    'points/s': figures.pointsPerSecond,
    'server CPU s per million': figures.serverCpuSecondsPerMillion,
    'client CPU s per million': figures.clientCpuSecondsPerMillion,
    'bytes per point': figures.bytesPerPoint,
    'ack p50 ms': figures.ackP50Ms,
    'ack p99 ms': figures.ackP99Ms,
    'RSS peak MB': figures.memoryMb,
  }
}

function barsOf(outcomes: readonly Outcome[]): Bar[] {
  const figuresOf = (name: string) => outcomes.find(({ way }) => way.name === name)
  const peer = figuresOf('vm')
  return limits.flatMap(({ name, factor }) => {
    const ours = figuresOf(name)
    if (!ours || !peer) return []
    const figure = ours.figures.pointsPerSecond / peer.figures.pointsPerSecond
    return [{ name: `${ours.way.title}, points/s, times ${peer.way.title}`, figure, limit: factor, is: 'at least' as const }]
  })
}

type Facts = Readonly<Record<'points' | 'connections' | 'rounds', number>> & ReturnType<typeof machine>

function pageOf({ points, connections, rounds, cpu, cores, node, loadAverage }: Facts, table: string, bars: readonly Bar[]): string {
  return `
# From the wire until durable and readable

${countText(points)} points of 1,000 tags, 1 % late, 0.5 % sent twice; ${connections} connections, medians of ${rounds} rounds in turn, a fresh server each time. Measured on ${cores} cores
(${cpu}), Node ${node}, load average at the end ${loadAverage.join(' ')}. \`npm run bench -- ingest\` measures again.

${table}

${bars.map((bar) => `- ${barText(bar)}`).join('\n')}

- Everything is made before and sent by a process of its own: 10,000 points a request and one request under way per connection; over MQTT a JSON message with the 25
  values of a machine and second, 100 messages under way per connection. Client and server share the cores.
- The first tenth warms the servers up. The clock stops when all is acknowledged and the newest sample can be read. VictoriaMetrics, which acknowledges before, is asked to flush then.
- All three get the same lines, byte for byte. Afterwards count and sum of all samples are compared with what was sent; over MQTT nothing comes late or twice.
`
}
