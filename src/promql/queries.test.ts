import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { batchOf, type Sample } from '#core/batch.ts'
import { systemClock } from '#core/clock.ts'
import type { Clock } from '#core/clock.ts'
import { Rejected } from '#core/errors.ts'
import { qualities } from '#core/quality.ts'
import { minuteUs, secondUs, type Micros } from '#core/time.ts'
import { createMemoryStore } from '#store/memory/memory-store.ts'
import { NotEvaluated, TookTooLong } from './failure.ts'
import { limits, type Limits } from './limits.ts'
import { createQueries, type Answer } from './queries.ts'

const start = Date.UTC(2026, 0, 1) * 1000
const directory = { tag: () => undefined, machine: () => undefined }

async function queriesOver(tags: Record<string, readonly Sample[]>, changed: Partial<Limits> = {}, clock: Clock = systemClock) {
  const store = createMemoryStore()
  const rows = Object.entries(tags).flatMap(([tag, samples]) => samples.map((sample) => ({ tag, kind: 'number' as const, ...sample })))
  await store.append([{ batch: batchOf(rows) }])
  return createQueries({ store, directory, clock, limits: { ...limits, ...changed } })
}

const good = (time: Micros, value: number): Sample => ({ time, value, quality: qualities.good.code })
const bad = (time: Micros): Sample => ({ time, value: null, quality: qualities.bad.code })
const everySecond = (count: number, valueOf = (second: number) => second) =>
  Array.from({ length: count }, (_, second) => good(start + second * secondUs, valueOf(second)))

/** The points of the only series. */
function pointsOf(answer: Answer): [time: Micros, value: number][] {
  if (answer.type !== 'matrix' && answer.type !== 'vector') throw new Error(`a ${answer.type} has no series`)
  expect(answer.series.length).toBeLessThanOrEqual(1)
  const { time, value } = answer.series[0] ?? { time: [], value: [] }
  return Array.from(time, (at, point) => [at, value[point] as number])
}

describe('every function over a window agrees with its definition, however the samples are read', () => {
  const mean = (values: number[]) => values.reduce((sum, x) => sum + x, 0) / values.length
  const variance = (values: number[]) => mean(values.map((x) => (x - mean(values)) ** 2))
  const pairs = (values: number[]) => values.slice(1).map((after, index) => [values[index] as number, after] as const)
  const model: Record<string, (values: number[]) => number> = {
    avg_over_time: mean,
    sum_over_time: (values) => values.reduce((sum, x) => sum + x, 0),
    min_over_time: (values) => Math.min(...values),
    max_over_time: (values) => Math.max(...values),
    count_over_time: (values) => values.length,
    last_over_time: (values) => values.at(-1) as number,
    present_over_time: () => 1,
    stdvar_over_time: variance,
    stddev_over_time: (values) => Math.sqrt(variance(values)),
    changes: (values) => pairs(values).filter(([before, after]) => before !== after).length,
    resets: (values) => pairs(values).filter(([before, after]) => after < before).length,
  }
  const sample = fc.record({ gapMs: fc.integer({ min: 1, max: 200_000 }), value: fc.option(fc.integer({ min: -4, max: 4 }), { freq: 6 }) })
  const asked = fc.record({
    samples: fc.array(sample, { minLength: 1, maxLength: 60 }),
    widthMs: fc.integer({ min: 1, max: 2_000_000 }),
    stepMs: fc.integer({ min: 1, max: 900_000 }),
    beginsMs: fc.integer({ min: -600_000, max: 2_000_000 }),
    steps: fc.integer({ min: 1, max: 40 }),
    samplesPerPage: fc.integer({ min: 1, max: 70 }),
  })

  test.each(Object.entries(model))('%s', async (name, define) => {
    await fc.assert(
      fc.asyncProperty(asked, async ({ samples, widthMs, stepMs, beginsMs, steps, samplesPerPage }) => {
        let time = start
        const tag = samples.map(({ gapMs, value }) => (value === null ? bad((time += gapMs * 1000)) : good((time += gapMs * 1000), value)))
        const queries = await queriesOver({ 'm/x': tag }, { samplesPerPage })
        const range = { start: start + beginsMs * 1000, end: start + (beginsMs + stepMs * (steps - 1)) * 1000, stepUs: stepMs * 1000 }
        const expected = Array.from({ length: steps }, (_, step) => range.start + step * range.stepUs).flatMap((at) => {
          const inside = tag.filter((one) => one.time >= at - widthMs * 1000 && one.time <= at && one.value !== null)
          return inside.length === 0 ? [] : [[at, define(inside.map(({ value }) => value as number))] as [number, number]]
        })
        const answered = pointsOf(await queries.range(`${name}(x[${widthMs}ms])`, range))
        expect(answered.map(([at]) => at)).toEqual(expected.map(([at]) => at))
        answered.forEach(([, value], point) => expect(value).toBeCloseTo(expected[point]?.[1] as number, 9))
      }),
      { numRuns: 150 },
    )
  })

  test('an instant vector is the newest value of five minutes, until the series ends', async () => {
    await fc.assert(
      fc.asyncProperty(asked, async ({ samples, stepMs, beginsMs, steps, samplesPerPage }) => {
        let time = start
        const tag = samples.map(({ gapMs, value }) => (value === null ? bad((time += gapMs * 1000)) : good((time += gapMs * 1000), value)))
        const queries = await queriesOver({ 'm/x': tag }, { samplesPerPage })
        const range = { start: start + beginsMs * 1000, end: start + (beginsMs + stepMs * (steps - 1)) * 1000, stepUs: stepMs * 1000 }
        const expected = Array.from({ length: steps }, (_, step) => range.start + step * range.stepUs).flatMap((at) => {
          const newest = tag.findLast((one) => one.time <= at && one.time >= at - 5 * minuteUs)
          return newest?.value == null ? [] : [[at, newest.value]]
        })
        expect(pointsOf(await queries.range('x', range))).toEqual(expected)
      }),
      { numRuns: 300 },
    )
  })
})

test('a quality that is bad ends a series even with a value, an uncertain one does not', async () => {
  const queries = await queriesOver({
    'm/x': [
      good(start, 1),
      { time: start + secondUs, value: 2, quality: qualities.badSensorFailure.code },
      { time: start + 2 * secondUs, value: 3, quality: qualities.uncertain.code },
    ],
  })
  expect(pointsOf(await queries.range('x', { start, end: start + 3 * secondUs, stepUs: secondUs }))).toEqual([
    [start, 1],
    [start + 2 * secondUs, 3],
    [start + 3 * secondUs, 3],
  ])
  expect(pointsOf(await queries.instant('sum_over_time(x[1m])', start + minuteUs))).toEqual([[start + minuteUs, 4]])
})

test('@ fixes the window while the other parameter goes on', async () => {
  const queries = await queriesOver({ 'm/x': everySecond(60) })
  const range = { start: start + minuteUs, end: start + 3 * minuteUs, stepUs: minuteUs }
  const at = start / secondUs + 59
  expect(
    pointsOf(await queries.range(`quantile_over_time((time() - ${at - 59}) / 360, x[59s] @ ${at})`, range)).map(([, value]) => value),
  ).toEqual([expect.closeTo(59 / 6, 9), expect.closeTo(59 / 3, 9), expect.closeTo(59 / 2, 9)])
  expect(pointsOf(await queries.range(`predict_linear(x[59s] @ ${at}, 10)`, range)).map(([, value]) => value)).toEqual([
    expect.closeTo(70, 9),
    expect.closeTo(130, 9),
    expect.closeTo(190, 9),
  ])
})

test('a tag is a series with its place in the plant as labels; texts and arrays are none', async () => {
  const store = createMemoryStore()
  const samples = ['a/b/c/d/2nd läuft.max', 'm/on', 's/a/l/cell/cell-2/m/x', 's/m/x'].map((tag) => ({
    tag,
    time: start,
    value: tag === 'm/on' ? true : 1,
  }))
  await store.append([
    {
      batch: batchOf([
        ...samples,
        { tag: 'm/text', time: start, value: 'x' },
        { tag: 'm/field', time: start, value: { shape: [1], data: Float32Array.of(1) } },
      ]),
    },
  ])
  const queries = createQueries({ store, directory, clock: systemClock })
  const found = await queries.series([], 0)
  expect(found.map(({ labels }) => Object.fromEntries(labels))).toEqual([
    { __name__: '_2nd_l_uft_max', tag: 'a/b/c/d/2nd läuft.max', machine: 'd', site: 'a', area: 'b', line: 'c' },
    { __name__: 'on', tag: 'm/on', machine: 'm' },
    { __name__: 'x', tag: 's/a/l/cell/cell-2/m/x', machine: 'm', site: 's', area: 'a', line: 'l' },
    { __name__: 'x', tag: 's/m/x', machine: 'm', site: 's' },
  ])
  expect(await queries.series([], start + 1)).toEqual([])
})

describe('a bound that is hit is a plain refusal', () => {
  const tags = Object.fromEntries(Array.from({ length: 5 }, (_, index) => [`m-${index}/x`, everySecond(100)]))
  const range = { start, end: start + 100 * secondUs, stepUs: secondUs }
  test.each([
    [{ pointsPerSeriesMax: 100 }, 'x', 'a series would have 101 points, at most 100 are possible; ask for a longer step'],
    [{ seriesMax: 4 }, 'x', 'a selector finds more than 4 series; name a machine, a line or a tag in it'],
    [{ samplesMax: 400 }, 'x', 'the query reads more than 400 samples; ask for fewer series or less time'],
    [{ valuesMax: 1000 }, 'x + x', 'the query computes more than 1000 values; ask for fewer series or a longer step'],
    [
      { samplesPerPage: 10, windowSamplesMax: 50 },
      'changes(x[1m])',
      'one window of a range vector holds more than 50 samples; make it shorter',
    ],
  ])('%j', async (changed, query, message) => {
    const queries = await queriesOver(tags, changed)
    await expect(queries.range(query, range)).rejects.toThrow(new NotEvaluated(message))
  })

  test('a query that takes too long ends', async () => {
    let elapsedMs = 0
    const queries = await queriesOver(tags, {}, { ...systemClock, elapsedMs: () => (elapsedMs += 10_000) })
    await expect(queries.range('x', range)).rejects.toThrow(
      new TookTooLong('the query took longer than 30 s; ask for fewer series or less time'),
    )
    await expect(queries.range('x', range, { timeoutMs: 15_000 })).rejects.toThrow('the query took longer than 15 s')
  })

  test('a query that nobody waits for any more ends', async () => {
    const queries = await queriesOver(tags)
    await expect(queries.range('x', range, { signal: AbortSignal.abort() })).rejects.toThrow(TookTooLong)
  })

  test('queries wait for their turn, and not too many of them', async () => {
    const queries = await queriesOver(tags, { queriesMax: 1, waitingMax: 2 })
    const answers = await Promise.allSettled(Array.from({ length: 4 }, () => queries.range('x', range)))
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected'])
    expect(await queries.instant('1', start)).toEqual({ type: 'scalar', time: start, value: 1 })
  })
})

test('others have their turn while a long query is under way', async () => {
  const queries = await queriesOver({ 'm/x': everySecond(2000, Math.sin) })
  let [turns, done] = [0, false]
  const turn = () => {
    turns++
    if (!done) setImmediate(turn)
  }
  setImmediate(turn)
  await queries.range('quantile_over_time(0.5, x[2000s])', { start, end: start + 2000 * secondUs, stepUs: secondUs })
  done = true
  expect(turns).toBeGreaterThan(5)
})

const parts = fc.constantFrom(
  ...'x y 1 -2 NaN Inf + - * / % ^ == != < bool and or unless on(machine) ignoring(tag) group_left group_right(tag) ( ) , [1m] [9m] @start() offset'.split(
    ' ',
  ),
  ...'sum( avg by(machine)( topk(2, quantile(0.5, rate( deriv( abs( clamp( scalar( vector( sort( absent( timestamp( label_replace( "a" 5m time()'.split(
    ' ',
  ),
)

test('whatever is asked, there is an answer or a refusal', async () => {
  const queries = await queriesOver({ 'm-1/x': everySecond(90), 'm-2/x': everySecond(50, (second) => -second), 'm-1/y': everySecond(20) })
  await fc.assert(
    fc.asyncProperty(fc.array(parts, { minLength: 1, maxLength: 12 }), async (words) => {
      const query = words.join(' ')
      const closed = query + ')'.repeat(Math.max(0, query.split('(').length - query.split(')').length))
      const range = { start, end: start + 100 * secondUs, stepUs: 20 * secondUs }
      for (const asked of [() => queries.instant(closed, start + minuteUs), () => queries.range(closed, range)])
        await asked().catch((error: unknown) => expect(error).toBeInstanceOf(Rejected))
    }),
    { numRuns: 3000 },
  )
})
