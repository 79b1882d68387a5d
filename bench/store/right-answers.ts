// The right answers, told from the telemetry file by the simplest code, and what is wrong with an engine's.
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { hourUs, secondUs } from '#core/time.ts'
import { readBatches, type Telemetry } from '#bench/support/telemetry-file.ts'
import { bucketWidth, hoursOf, type BucketRows, type Range, type RawRows } from './engine.ts'
import type { Answers, Questions } from './questions.ts'

/** Values and extremes are stored; means and sums are added up in different orders. */
const [valueTolerance, sumTolerance] = [1e-12, 1e-9]

export interface RightAnswers extends Answers {
  readonly csv: { readonly rows: number; readonly sumThousandths: number }
}

/** Every tag has one value per second, whatever came late or twice. */
export function rightAnswers(telemetry: Telemetry, questions: Questions): RightAnswers {
  const { range, lastHour, buckets, tagsAsked, meanTags, csvTags } = questions
  const tags = rowsOfTags(telemetry, Math.max(meanTags, csvTags))
  const rowsOf = (tag: number, part: Range): RawRows => {
    const [first, end] = [(part.from - range.from) / secondUs, (part.to - range.from) / secondUs]
    const { time, value } = tags[tag] as RawRows
    return { time: time.subarray(first, end), value: value.subarray(first, end) }
  }
  const exported = tags.slice(0, csvTags)
  return {
    totals: { count: telemetry.unique, sum: Number(telemetry.sumThousandths) / 1000 },
    latest: telemetry.newestValue,
    raw: tagsAsked.map((tag) => rowsOf(tag, lastHour)),
    buckets: tagsAsked.map((tag) => bucketsOf(rowsOf(tag, range), range.from, bucketWidth(range, buckets), buckets)),
    hourlyMeans: Float64Array.from(
      tags.slice(0, meanTags).flatMap((rows) => Array.from(bucketsOf(rows, range.from, hourUs, hoursOf(range)).mean)),
    ),
    csv: {
      rows: exported.reduce((sum, { time }) => sum + time.length, 0),
      sumThousandths: exported.reduce((sum, { value }) => value.reduce((sum, each) => sum + Math.round(each * 1000), sum), 0),
    },
  }
}

function rowsOfTags(telemetry: Telemetry, tags: number): RawRows[] {
  const seconds = (telemetry.to - telemetry.from) / secondUs
  const rows = Array.from({ length: tags }, () => ({ time: new Float64Array(seconds), value: new Float64Array(seconds) }))
  for (const { count, tag, time, value } of readBatches(telemetry))
    for (let row = 0; row < count; row++) {
      const of = rows[tag[row] as number]
      if (!of) continue
      const second = Math.floor(((time[row] as number) - telemetry.from) / secondUs)
      of.time[second] = time[row] as number
      of.value[second] = value[row] as number
    }
  return rows
}

function bucketsOf({ time, value }: RawRows, from: number, width: number, count: number): BucketRows {
  const min = new Float64Array(count).fill(Infinity)
  const max = new Float64Array(count).fill(-Infinity)
  const sum = new Float64Array(count)
  const rows = new Float64Array(count)
  time.forEach((at, row) => {
    const bucket = Math.floor((at - from) / width)
    if (bucket >= count) return
    const each = value[row] as number
    min[bucket] = Math.min(min[bucket] as number, each)
    max[bucket] = Math.max(max[bucket] as number, each)
    sum[bucket] = (sum[bucket] as number) + each
    rows[bucket] = (rows[bucket] as number) + 1
  })
  return { min, max, mean: sum.map((sum, bucket) => sum / (rows[bucket] as number)) }
}

/** What differs, in plain sentences. */
export async function faultsOf(answers: Answers, csvFile: string, right: RightAnswers): Promise<string[]> {
  const each = <T>(name: string, given: readonly T[], wanted: readonly T[], columns: readonly (keyof T)[], tolerance: number) =>
    wanted.flatMap((want, index) =>
      columns.map((column) =>
        differs(`${name} ${index}, ${String(column)}`, given[index]?.[column] as Float64Array, want[column] as Float64Array, tolerance),
      ),
    )
  const csv = await readCsv(csvFile)
  return [
    answers.totals.count === right.totals.count ? undefined : `there are ${answers.totals.count} samples in place of ${right.totals.count}`,
    differs('sum of all values', [answers.totals.sum], [right.totals.sum], sumTolerance),
    differs('latest', answers.latest, right.latest, valueTolerance),
    ...each('raw rows of question', answers.raw, right.raw, ['time', 'value'], valueTolerance),
    ...each('buckets of question', answers.buckets, right.buckets, ['min', 'max'], valueTolerance),
    ...each('buckets of question', answers.buckets, right.buckets, ['mean'], sumTolerance),
    differs('hourly means', answers.hourlyMeans, right.hourlyMeans, sumTolerance),
    csv.rows === right.csv.rows && csv.sumThousandths === right.csv.sumThousandths
      ? undefined
      : `CSV: ${csv.rows} rows with the sum ${csv.sumThousandths} in place of ${right.csv.rows} and ${right.csv.sumThousandths}`,
  ].filter((fault) => fault !== undefined)
}

function differs(name: string, given: ArrayLike<number> | undefined, wanted: ArrayLike<number>, tolerance: number): string | undefined {
  if (given?.length !== wanted.length) return `${name}: ${given?.length} values in place of ${wanted.length}`
  for (let index = 0; index < wanted.length; index++) {
    const [is, should] = [given[index] as number, wanted[index] as number]
    if (!(Math.abs(is - should) <= tolerance * Math.max(1, Math.abs(should))))
      return `${name}: value ${index} is ${is} in place of ${should}`
  }
  return undefined
}

/** The last column holds the values; lines that do not end in a number are headers. */
async function readCsv(file: string): Promise<{ rows: number; sumThousandths: number }> {
  let [rows, sumThousandths] = [0, 0]
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const value = Number.parseFloat(line.slice(line.lastIndexOf(',') + 1))
    if (Number.isNaN(value)) continue
    rows++
    sumThousandths += Math.round(value * 1000)
  }
  return { rows, sumThousandths }
}
