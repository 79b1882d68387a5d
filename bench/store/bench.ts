// The embedded store beside VictoriaMetrics, InfluxDB and PostgreSQL: the same batches, the same questions, the same answers.
// npm run bench -- store [--points 50M] [--only ours,vm,influx,postgres] [--year 31536k] [--keep]
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { messageOf } from '#core/errors.ts'
import { countText, readCount } from '#bench/support/count.ts'
import { barText, machine, printTable, writeResults } from '#bench/support/results.ts'
import { withScratch } from '#bench/support/scratch.ts'
import { round } from '#bench/support/statistics.ts'
import { createTelemetry } from '#bench/support/telemetry.ts'
import { contendersOf } from './contenders.ts'
import { questionsFor } from './questions.ts'
import { pageOf, reportOf, type Outcome } from './report.ts'
import { rightAnswers } from './right-answers.ts'
import { runContender } from './run-contender.ts'
import { drawYear } from './year.ts'

const tags = 1000
/** Enough for ten seconds at 100 k points/s and as long at the full speed of the quickest. */
const tailPointsMax = 40_000_000

const { values: asked } = parseArgs({
  options: {
    points: { type: 'string', default: '50M' },
    only: { type: 'string', default: 'ours,vm,influx,postgres' },
    /** Points of the year's tag; 0 leaves it out. */
    year: { type: 'string', default: '31536k' },
    keep: { type: 'boolean', default: false },
  },
})

await withScratch(
  'store',
  async (scratch) => {
    const points = readCount(asked.points)
    const yearPoints = readCount(asked.year)
    const contenders = contendersOf(asked.only.split(','))
    const drawsYear = yearPoints > 0 && contenders.some(({ name }) => name === 'ours')
    const source = createTelemetry({ tags })
    console.log(`${countText(points)} points are made`)
    const main = source.write(join(scratch.folder, 'main.telemetry'), points)
    const tail = source.write(join(scratch.folder, 'tail.telemetry'), Math.min(tailPointsMax, 2_000_000 + points))
    const questions = questionsFor(main)
    const work = { main, tail, questions, right: rightAnswers(main, questions) }
    const outcomes: Outcome[] = []
    for (const contender of contenders) {
      const figures = await orFailure(contender.title, () => runContender(scratch, contender, work))
      if (!figures) continue
      outcomes.push({ contender, figures })
      console.log(`${contender.title}: ${countText(round(figures.pointsPerSecond))} points/s`)
    }
    const year = drawsYear ? await orFailure('a year of one tag', () => drawYear(scratch, yearPoints)) : undefined
    const report = reportOf(outcomes, year)
    printTable(report.table)
    printTable(report.ratios)
    for (const bar of report.bars) console.log(barText(bar))
    const engines = Object.fromEntries(outcomes.map(({ contender, figures }) => [contender.name, figures]))
    await writeResults('store', { points: main.unique, tags, ...machine(), engines, year, bars: report.bars }, pageOf(report, main.unique))
  },
  { keep: asked.keep },
)

/** What fails, fails the benchmark, and the others still run. */
async function orFailure<T>(name: string, act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act()
  } catch (error) {
    console.error(`${name}: ${messageOf(error)}`)
    process.exitCode = 1
    return undefined
  }
}
