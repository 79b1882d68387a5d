// The table of all contenders, ours in relation to each, and the bars that we set ourselves.
import { barText, machine, markdownTable, type Bar, type Table } from '#bench/support/results.ts'
import { countText } from '#bench/support/count.ts'
import type { Contender } from './contenders.ts'
import type { Figures } from './run-contender.ts'
import type { YearFigures } from './year.ts'

export interface Outcome {
  readonly contender: Contender
  readonly figures: Figures
}

interface Column {
  readonly title: string
  readonly of: (figures: Figures) => number
  readonly better: 'more' | 'less'
}

const columns: readonly Column[] = [
  { title: 'points/s', of: ({ pointsPerSecond }) => pointsPerSecond, better: 'more' },
  { title: 'points/s overall', of: ({ pointsPerSecondOverall }) => pointsPerSecondOverall, better: 'more' },
  { title: 'CPU s per million', of: ({ cpuSecondsPerMillion }) => cpuSecondsPerMillion, better: 'less' },
  { title: 'bytes per point', of: ({ bytesPerPoint }) => bytesPerPoint, better: 'less' },
  { title: 'ack p50 ms', of: ({ ackP50Ms }) => ackP50Ms, better: 'less' },
  { title: 'ack p99 ms', of: ({ ackP99Ms }) => ackP99Ms, better: 'less' },
  { title: 'latest of all ms', of: ({ latestMs }) => latestMs, better: 'less' },
  { title: 'last hour raw ms', of: ({ rawHourMs }) => rawHourMs, better: 'less' },
  { title: '1,000 buckets ms', of: ({ bucketsMs }) => bucketsMs, better: 'less' },
  { title: 'hourly mean of 100 ms', of: ({ hourlyMeansMs }) => hourlyMeansMs, better: 'less' },
  { title: '1 M rows CSV ms', of: ({ csvMs }) => csvMs, better: 'less' },
  { title: 'open ms', of: ({ openMs }) => openMs, better: 'less' },
  { title: 'RSS peak MB', of: ({ memoryMb }) => memoryMb, better: 'less' },
  { title: 'buckets at 100 k/s p50 ms', of: ({ steady }) => steady.bucketsP50Ms, better: 'less' },
  { title: 'buckets at 100 k/s p99 ms', of: ({ steady }) => steady.bucketsP99Ms, better: 'less' },
  { title: 'points/s while asked', of: ({ fullSpeed }) => fullSpeed.pointsPerSecond, better: 'more' },
  { title: 'buckets at full speed p50 ms', of: ({ fullSpeed }) => fullSpeed.bucketsP50Ms, better: 'less' },
  { title: 'buckets at full speed p99 ms', of: ({ fullSpeed }) => fullSpeed.bucketsP99Ms, better: 'less' },
]
const queryTitles = ['latest of all ms', 'last hour raw ms', '1,000 buckets ms', 'hourly mean of 100 ms', '1 M rows CSV ms']
const ingestBars = [
  { name: 'vm', factor: 5 },
  { name: 'influx', factor: 12 },
] as const
const limits = { bytesPerPoint: 1.5, yearMs: 20, openMs: 300, memoryMb: 500, stallMs: 20 }

export interface Report {
  readonly table: Table
  /** How many times as good as each peer we are: more than 1 is better. */
  readonly ratios: Table
  readonly bars: readonly Bar[]
}

export function reportOf(outcomes: readonly Outcome[], year: YearFigures | undefined): Report {
  const ours = outcomes.find(({ contender }) => contender.name === 'ours')?.figures
  const peers = outcomes.filter(({ contender }) => contender.name !== 'ours')
  const rowOf = (title: string, figure: (column: Column) => number) => ({
    engine: title,
    ...Object.fromEntries(columns.map((column) => [column.title, figure(column)])),
  })
  const table = outcomes.map(({ contender, figures }) => rowOf(contender.title, ({ of }) => of(figures)))
  if (!ours) return { table, ratios: [], bars: [] }
  const ratio = ({ of, better }: Column, peer: Figures) => (better === 'more' ? of(ours) / of(peer) : of(peer) / of(ours))
  const ratios = peers.map(({ contender, figures }) => rowOf(`ours to ${contender.title}`, (column) => ratio(column, figures)))
  return { table, ratios, bars: [...barsAgainst(ours, peers), ...barsOfOurs(ours, year)] }
}

function barsAgainst(ours: Figures, peers: readonly Outcome[]): Bar[] {
  const ingest = ingestBars.flatMap(({ name, factor }) => {
    const peer = peers.find(({ contender }) => contender.name === name)
    if (!peer) return []
    const figure = ours.pointsPerSecond / peer.figures.pointsPerSecond
    return [{ name: `points/s, times ${peer.contender.title}`, figure, limit: factor, is: 'at least' as const }]
  })
  if (peers.length === 0) return ingest
  const queries = columns.filter(({ title }) => queryTitles.includes(title))
  return [
    ...ingest,
    ...queries.map(({ title, of }) => ({
      name: `${title}, beside the fastest peer`,
      figure: of(ours),
      limit: Math.min(...peers.map(({ figures }) => of(figures))),
      is: 'at most' as const,
    })),
  ]
}

function barsOfOurs(ours: Figures, year: YearFigures | undefined): Bar[] {
  const atMost = (name: string, figure: number, limit: number): Bar => ({ name, figure, limit, is: 'at most' })
  return [
    atMost('bytes per point', ours.bytesPerPoint, limits.bytesPerPoint),
    atMost('open ms', ours.openMs, limits.openMs),
    atMost('RSS peak MB', ours.memoryMb, limits.memoryMb),
    atMost('longest stall of the event loop during the load, ms', ours.stallMaxMs, limits.stallMs),
    ...(year ? [atMost(`a year of one tag (${countText(year.points)}) as 1,000 buckets ms`, year.medianMs, limits.yearMs)] : []),
  ]
}

export function pageOf({ table, ratios, bars }: Report, points: number): string {
  const { cpu, cores, node, loadAverage } = machine()
  return `
# Storage engines side by side

${countText(points)} points of 1,000 tags at 1 Hz, 1 % late, 0.5 % sent twice, in batches of 10,000; each batch is acknowledged before the next is sent.
Measured on ${cores} cores (${cpu}), Node ${node}, load average at the end ${loadAverage.join(' ')}. \`npm run bench -- store\` measures again.

${markdownTable(table)}

${ratios.length > 0 ? `Ours in relation to each (more than 1 is better):\n\n${markdownTable(ratios)}\n\n` : ''}${bars.map((bar) => `- ${barText(bar)}`).join('\n')}

## How it is measured

- Ours is a library in its user's process: reading the batches, RSS and CPU of that process are all ours. Of the others CPU is client and server, RSS the server.
- Points/s is the median of windows of a million points (a tenth of all, when that is less), with the client's encoding in it. CPU runs until merges, compactions, vacuum have ended.
- Every query is asked twice, the second time counts; median over 15 tags (3 repetitions for means and CSV). All answers are compared with those told from the
  rows themselves: counts and values exactly, means and sums to 1e-9. One wrong answer fails the benchmark.
- CSV is tag, time, value: ours as the product exports it, with times in ISO 8601, the others with whole numbers.
- Open is from starting the server (ours: from opening the store in a process that runs) to the first 1,000 buckets.
- VictoriaMetrics keeps milliseconds and no quality (all times of the data are whole milliseconds), acknowledges before it is durable, and finds rows that came twice
  by time (\`-dedup.minScrapeInterval=1ms\`). It imports JSON lines, the quickest of its ways. Its cache of answers is passed by.
- InfluxDB gets the quality only where it is not good. Both it and VictoriaMetrics look for the newest values in the last five minutes only.
- PostgreSQL's bare COPY cannot take rows that are there already: a bitmap in the client leaves them out beforehand.
`
}
