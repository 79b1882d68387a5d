// What becomes of telemetry over days and months: rolled up, let go, deleted, kept within a quota. For stores that work by an engine.
import { describe, expect, test } from 'vitest'
import { batchOf, type Batch } from '#core/batch.ts'
import { dayUs, hourUs, minuteUs, secondUs } from '#core/time.ts'
import type { BucketColumns } from '#core/store.ts'
import type { EngineStore } from '#store/engine/engine-store.ts'
import type { EngineSettings } from '#store/engine/engine.ts'
import { createMemoryStore } from '#store/memory/memory-store.ts'

export interface StoreOverTime {
  readonly store: EngineStore
  /** What the store has warned of. */
  readonly said: readonly string[]
}

const tag = 'm/pressure'
const start = Date.UTC(2026, 0, 1) * 1000

/** One row every `step` from `from` on, until before `to`. */
function rows(from: number, to: number, step: number, path = tag, shift = 0): Batch {
  const times = Array.from({ length: Math.ceil((to - from) / step) }, (_, index) => from + index * step)
  return batchOf(times.map((time) => ({ tag: path, time, value: shift + Math.round(1000 * Math.sin(time / 1e10)) / 1000 })))
}

/** Half a day of values that do not compress. */
export const noise = (day: number, path = tag): Batch =>
  batchOf(
    Array.from({ length: 43_200 }, (_, index) => ({
      tag: path,
      time: start + day * dayUs + index * 2 * secondUs,
      value: Math.sin((day * 43_200 + index) ** 2),
    })),
  )

/** All columns with as many digits as sums in another order have in common. */
const rounded = ([columns]: BucketColumns[]) =>
  Object.fromEntries(
    Object.entries(columns ?? {}).map(([name, column]) => [
      name,
      typeof column === 'string' ? column : Array.from(column, (x: number) => x.toFixed(6)),
    ]),
  )

const edges = (from: number, width: number, count: number) => Float64Array.from({ length: count + 1 }, (_, edge) => from + edge * width)

/** `make` opens a new store, which ends with the test. */
export function longTermContract(name: string, make: (settings: Partial<EngineSettings>) => Promise<StoreOverTime>): void {
  describe(`${name} over days and months`, () => {
    test('S16: buckets of any width are the same before and after days are rolled up, and after late rows change a rolled-up day', async () => {
      const { store } = await make({})
      const memory = createMemoryStore()
      const both = async (batch: Batch) => {
        await store.append([{ batch }])
        await memory.append([{ batch }])
      }
      const same = async () => {
        for (const [from, width, count] of [
          [start, dayUs, 5],
          [start + 5 * hourUs, hourUs, 60],
          [start - 7 * minuteUs, 90 * minuteUs, 50],
          [start + 3 * secondUs, 7 * minuteUs + 1, 100],
          [start + 30 * hourUs, minuteUs, 120],
          [start + 3 * secondUs, 11 * hourUs + 7 * secondUs, 6],
        ] as const)
          expect(rounded(await store.buckets([tag], edges(from, width, count)))).toEqual(
            rounded(await memory.buckets([tag], edges(from, width, count))),
          )
      }
      await both(rows(start, start + 3 * dayUs, 20 * secondUs))
      await both(batchOf([{ tag, time: start + 30 * hourUs + 1, value: null, quality: 0x80 }]))
      await store.seal()
      await same()
      await store.retain()
      await same()
      await both(rows(start + 30 * hourUs + 5, start + 31 * hourUs, minuteUs, tag, 50))
      await same()
      await store.seal()
      await same()
      await store.retain()
      await same()
    })

    test('S17: what is older than its tag keeps goes, its minutes and hours stay as long as they are kept, and rows that come later still are refused and counted', async () => {
      const rules = [{ tags: 'm/pressure', raw: 2, minutes: 4, hours: 'forever' as const }]
      const { store } = await make({ retention: { rules, bytesMax: Infinity } })
      const [from, to] = [start, start + 8 * dayUs]
      await store.append([{ batch: rows(from, to, 10 * secondUs) }, { batch: rows(from, to, 600 * secondUs, 'm/other') }])
      const before = await store.buckets([tag], edges(from, hourUs, 24 * 8))
      const minutesBefore = await store.buckets([tag], edges(to - 4 * dayUs, minuteUs, 24 * 60 * 3))
      await store.seal()
      await store.retain()
      const kept = start + 5 * dayUs
      expect((await store.read(tag, 0, to, 1e6)).time[0]).toBe(kept)
      expect((await store.read('m/other', 0, to, 1e6)).time[0]).toBe(start)
      expect(rounded(await store.buckets([tag], edges(from, hourUs, 24 * 8)))).toEqual(rounded(before))
      expect(rounded(await store.buckets([tag], edges(to - 4 * dayUs, minuteUs, 24 * 60 * 3)))).toEqual(rounded(minutesBefore))
      const { samples } = store.statistics()
      expect(samples).toBe(3 * 8640 + 8 * 144)
      expect(await store.append([{ batch: rows(kept - minuteUs, kept + minuteUs, 10 * secondUs, tag, 9) }])).toEqual([
        { stored: 6, duplicates: 0, replaced: 6, expired: 6 },
      ])
      expect(store.statistics()).toMatchObject({ samples, expired: 6, replaced: 6 })
      await store.close()
      await store.open()
      expect(store.statistics()).toMatchObject({ samples, expired: 6, replaced: 6 })
      expect(await store.append([{ batch: rows(kept - minuteUs, kept, 10 * secondUs) }])).toMatchObject([{ expired: 6 }])
    })

    test('S17: texts and arrays go with their time as well', async () => {
      const rules = [{ tags: '**', raw: 1 }]
      const { store } = await make({ retention: { rules, bytesMax: Infinity } })
      const days = [0, 1, 2, 3].map((day) => start + day * dayUs)
      const field = { shape: [2], data: Float32Array.of(1, 2) }
      await store.append([
        {
          batch: batchOf(
            days.flatMap((time) => [
              { tag: 'm/state', time, value: 'on' },
              { tag: 'm/field', time, value: field },
            ]),
          ),
        },
      ])
      await store.seal()
      await store.retain()
      expect([...(await store.read('m/state', 0, Infinity, 9)).time]).toEqual(days.slice(2))
      expect((await store.arrays('m/field', 0, Infinity, 9)).map(({ time }) => time)).toEqual(days.slice(2))
      expect(store.statistics().samples).toBe(4)
    })

    test('S17: rows that are still in memory when their days are let go lose neither their roll-ups nor those of rows sealed before', async () => {
      const { store } = await make({ retention: { rules: [{ tags: '**', raw: 2 }], bytesMax: Infinity } })
      const [days, sealed] = [8, start + 18 * hourUs]
      await store.append([{ batch: rows(start, sealed, 20 * secondUs) }])
      await store.seal()
      await store.append([{ batch: rows(sealed, start + days * dayUs, 20 * secondUs) }])
      await store.retain()
      await store.seal()
      await store.retain()
      await store.close()
      await store.open()
      const [columns] = await store.buckets([tag], edges(start, dayUs, days))
      expect([...(columns?.count ?? [])]).toEqual(Array.from({ length: days }, () => 4320))
    })

    test('S18: deleting a range takes its samples, buckets and newest value with it, durably; late rows may come there again', async () => {
      const { store } = await make({})
      await store.append([{ batch: rows(start, start + 3 * dayUs, 10 * secondUs) }])
      await store.seal()
      await store.retain()
      const [from, to] = [start + dayUs + hourUs / 2, start + 9 * dayUs]
      expect(await store.remove(tag, { from, to })).toBe(2 * 8640 - 180)
      const check = async () => {
        expect(store.latest(tag)?.time).toBe(from - 10 * secondUs)
        expect((await store.read(tag, 0, Infinity, 1e6)).time.length).toBe(8640 + 180)
        const [days] = await store.buckets([tag], edges(start, dayUs, 4))
        expect([...(days?.count ?? [])]).toEqual([8640, 180])
        expect(store.statistics().samples).toBe(8640 + 180)
      }
      await check()
      await store.close()
      await store.open()
      await check()
      expect(await store.append([{ batch: rows(from, from + hourUs, 10 * secondUs) }])).toMatchObject([{ stored: 360 }])
      expect(await store.remove(tag)).toBe(8640 + 180 + 360)
      expect(store.tag(tag)).toBeUndefined()
      expect([...store.tags()]).toEqual([])
      expect(await store.append([{ batch: batchOf([{ tag, time: start, value: 'a text now' }]) }])).toMatchObject([{ stored: 1 }])
    })

    test('S18: what waits in memory or comes at the same time is not lost by deleting something else', async () => {
      const { store } = await make({})
      await store.append([{ batch: rows(start, start + hourUs, secondUs) }, { batch: rows(start, start + hourUs, secondUs, 'm/other') }])
      const [gone, [result]] = await Promise.all([
        store.remove(tag, { from: start, to: start + minuteUs }),
        store.append([{ batch: rows(start + hourUs, start + hourUs + minuteUs, secondUs, 'm/other') }]),
      ])
      expect(gone).toBe(60)
      expect(result?.stored).toBe(60)
      expect((await store.read('m/other', 0, Infinity, 1e6)).time.length).toBe(3660)
      expect((await store.read(tag, 0, Infinity, 1e6)).time[0]).toBe(start + minuteUs)
    })

    test('S19: beyond the quota the oldest days go first, said before, and the disk has the space again', async () => {
      const bytesMax = 2_000_000
      const { store, said } = await make({ retention: { rules: [{ tags: '**', raw: 'forever' }], bytesMax } })
      for (let day = 0; day < 10; day++) {
        await store.append([{ batch: noise(day) }])
        await store.seal()
        await store.retain()
      }
      expect(store.statistics().bytesOnDisk).toBeLessThan(bytesMax * 1.5)
      const { time } = await store.read(tag, 0, Infinity, 1e6)
      expect(time[0]).toBeGreaterThan(start + 4 * dayUs)
      expect(time.at(-1)).toBe(start + 10 * dayUs - 2 * secondUs)
      const [days] = await store.buckets([tag], edges(start, dayUs, 10))
      expect([...(days?.count ?? [])]).toEqual(Array.from({ length: 10 }, () => 43_200))
      const first = said.findIndex((message) => /beyond that the oldest samples go/.test(message))
      expect(first).toBeGreaterThanOrEqual(0)
      expect(said.findIndex((message) => /over its quota: samples before 2026-01-0/.test(message))).toBeGreaterThan(first)
    })
  })
}
