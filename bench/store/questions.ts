// What every engine is asked, and how long it takes.
import { hourUs, secondUs } from '#core/time.ts'
import { median } from '#bench/support/statistics.ts'
import type { Telemetry } from '#bench/support/telemetry-file.ts'
import type { BucketRows, Engine, Range, RawRows } from './engine.ts'

/** Different tags, so that nobody answers from a memory of answers. Everything is asked twice, and the second time counts. */
const tagsAskedMax = 15
const meanTagsMax = 100
const bucketsMax = 1000
const csvRowsMax = 1_000_000
/** How often the questions are asked that take long. */
const slowRepeats = 3

export interface Questions {
  readonly range: Range
  readonly lastHour: Range
  readonly buckets: number
  readonly tagsAsked: readonly number[]
  readonly meanTags: number
  readonly csvTags: number
}

export interface Answers {
  readonly totals: { readonly count: number; readonly sum: number }
  readonly latest: Float64Array
  /** Per tag asked. */
  readonly raw: RawRows[]
  readonly buckets: BucketRows[]
  readonly hourlyMeans: Float64Array
}

/** Medians. */
export interface AnswerTimes {
  readonly latestMs: number
  readonly rawHourMs: number
  readonly bucketsMs: number
  readonly hourlyMeansMs: number
  readonly csvMs: number
}

export function questionsFor({ tags, from, to }: Telemetry): Questions {
  const seconds = (to - from) / secondUs
  const meanTags = Math.min(tags, meanTagsMax)
  return {
    range: { from, to },
    lastHour: { from: Math.max(from, to - hourUs), to },
    buckets: Math.min(bucketsMax, seconds),
    tagsAsked: Array.from({ length: Math.min(tagsAskedMax, meanTags) }, (_, index) => (index * 7) % meanTags),
    meanTags,
    csvTags: Math.max(1, Math.min(tags, Math.round(csvRowsMax / seconds))),
  }
}

export async function ask(engine: Engine, questions: Questions, csvFile: string): Promise<{ answers: Answers; times: AnswerTimes }> {
  const { range, lastHour, buckets, tagsAsked, meanTags, csvTags } = questions
  const perTag = <T>(act: (tag: number) => Promise<T>) => timed(tagsAsked.map((tag) => () => act(tag)))
  const repeated = <T>(act: () => Promise<T>, times: number) => timed(Array.from({ length: times }, () => act))
  const totals = await engine.totals(range)
  const latest = await repeated(() => engine.latest(range), tagsAsked.length)
  const raw = await perTag((tag) => engine.raw(tag, lastHour))
  const wholeRange = await perTag((tag) => engine.buckets(tag, range, buckets))
  const hourly = await repeated(() => engine.hourlyMeans(meanTags, range), slowRepeats)
  const csv = await repeated(() => engine.exportCsv(csvTags, range, csvFile), slowRepeats)
  return {
    answers: { totals, latest: latest.answer, raw: raw.answers, buckets: wholeRange.answers, hourlyMeans: hourly.answer },
    times: { latestMs: latest.ms, rawHourMs: raw.ms, bucketsMs: wholeRange.ms, hourlyMeansMs: hourly.ms, csvMs: csv.ms },
  }
}

/** Does everything once unmeasured, so that what can be in memory is, then again. */
async function timed<T>(acts: readonly (() => Promise<T>)[]): Promise<{ answer: T; answers: T[]; ms: number }> {
  for (const act of acts) await act()
  const answers: T[] = []
  const times: number[] = []
  for (const act of acts) {
    const started = performance.now()
    answers.push(await act())
    times.push(performance.now() - started)
  }
  return { answer: answers[0] as T, answers, ms: median(times) }
}
