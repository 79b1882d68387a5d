// What growth costs the embedded store: more points of as many tags, and as many points of more tags. Flat is good.
// npm run bench -- growth [--quick]
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { countText } from '#bench/support/count.ts'
import { plotSvg } from '#bench/support/plot.ts'
import { machine, markdownTable, printTable, resultsFolder, writeResults } from '#bench/support/results.ts'
import { withScratch, type Scratch } from '#bench/support/scratch.ts'
import { measureStep, type Size, type StepFigures } from './step.ts'

interface Series {
  readonly title: string
  readonly by: keyof Size
  readonly sizes: readonly Size[]
}

const { values: asked } = parseArgs({ options: { quick: { type: 'boolean', default: false } } })
const sizes = asked.quick
  ? { points: [1e6, 5e6, 20e6], tags: [100, 1000, 10_000], pointsOfTags: 2e6 }
  : { points: [5e6, 50e6, 200e6], tags: [100, 10_000, 100_000], pointsOfTags: 50e6 }
const series: readonly Series[] = [
  { title: 'points of 1,000 tags', by: 'points', sizes: sizes.points.map((points) => ({ points, tags: 1000 })) },
  {
    title: `tags, ${countText(sizes.pointsOfTags)} points in all`,
    by: 'tags',
    sizes: sizes.tags.map((tags) => ({ points: sizes.pointsOfTags, tags })),
  },
]
/** `falls`: should get less with size, so that flatness says nothing. */
const metrics: readonly { title: string; of: (figures: StepFigures) => number; falls?: true }[] = [
  { title: 'time to store, ns per point', of: ({ ingestNsPerPoint }) => ingestNsPerPoint },
  { title: 'CPU, ns per point', of: ({ cpuNsPerPoint }) => cpuNsPerPoint },
  { title: 'ack p99 ms', of: ({ ackP99Ms }) => ackP99Ms },
  { title: 'bytes per point', of: ({ bytesPerPoint }) => bytesPerPoint },
  { title: 'RSS peak MB', of: ({ memoryPeakMb }) => memoryPeakMb },
  { title: 'RSS, bytes per point', of: ({ memoryMb, points }) => (memoryMb * 1e6) / points, falls: true },
  { title: 'RSS, kB per tag', of: ({ memoryMb, tags }) => (memoryMb * 1000) / tags, falls: true },
  { title: 'latest of 100 tags ms', of: ({ latestMs }) => latestMs },
  { title: 'last hour raw ms', of: ({ rawMs }) => rawMs },
  { title: 'whole range → 1,000 buckets ms', of: ({ bucketsMs }) => bucketsMs },
  { title: 'open ms', of: ({ openMs }) => openMs },
]

await withScratch('growth', async (scratch) => {
  const outcomes = []
  for (const one of series) outcomes.push({ series: one, steps: await measureSeries(scratch, one) })
  for (const { series, steps } of outcomes) {
    console.log(series.title)
    printTable(tableOf(series, steps))
    console.log(flatnessText(steps))
  }
  await writeResults('growth', { quick: asked.quick, ...machine(), series: outcomes }, pageOf(outcomes))
  await writeFile(join(resultsFolder, 'growth.svg'), plotSvg(outcomes.flatMap(panelsOf)))
})

async function measureSeries(scratch: Scratch, { title, by, sizes }: Series): Promise<StepFigures[]> {
  const steps: StepFigures[] = []
  const seconds = Math.min(...sizes.map(({ points, tags }) => points / tags))
  for (const size of sizes) {
    steps.push(await measureStep(scratch, size, seconds))
    console.log(`${title}: ${countText(size[by])} measured`)
  }
  return steps
}

interface Outcome {
  readonly series: Series
  readonly steps: readonly StepFigures[]
}

function tableOf({ by }: Series, steps: readonly StepFigures[]) {
  return steps.map((step) => ({ [by]: countText(step[by]), ...Object.fromEntries(metrics.map(({ title, of }) => [title, of(step)])) }))
}

/** The most over the least of each figure through a series. */
function flatnessText(steps: readonly StepFigures[]): string {
  const flat = metrics.filter(({ falls }) => !falls)
  const flatness = flat.map(({ title, of }) => {
    const figures = steps.map(of)
    return `${title} ${(Math.max(...figures) / Math.min(...figures)).toFixed(2)}`
  })
  return `Most over least: ${flatness.join('; ')}.`
}

function panelsOf({ series: { title, by }, steps }: Outcome) {
  return metrics.map((metric) => ({
    title: metric.title,
    note: title,
    points: steps.map((step) => ({ x: step[by], label: countText(step[by]), y: metric.of(step) })),
  }))
}

function pageOf(outcomes: readonly Outcome[]): string {
  const { cpu, cores, node, loadAverage } = machine()
  const sections = outcomes.map(
    ({ series, steps }) => `## By ${series.title}\n\n${markdownTable(tableOf(series, steps))}\n\n${flatnessText(steps)}`,
  )
  return `
# What growth costs

The embedded store in a process of its own, batches of 10,000, each durable before the next. Measured on ${cores} cores (${cpu}), Node ${node}, load average at
the end ${loadAverage.join(' ')}. \`npm run bench -- growth\` measures again.

![figures by size](growth.svg)

${sections.join('\n\n')}

Within a series every step reads as many raw rows and draws as many buckets: an hour and 1,000, or the seconds that the shortest range has. Sizes of memory are those
at the end of loading, the peak apart.
`
}
