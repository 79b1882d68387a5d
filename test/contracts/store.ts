// The contract suite of telemetry stores: every implementation runs it. Titles quote the promises of docs/specs/store.md.
import { afterEach, describe, expect, test } from 'vitest'
import type { ArrayValue } from '#core/array.ts'
import { batchOf, type Batch } from '#core/batch.ts'
import { equalEdges } from '#core/bucket-edges.ts'
import { Rejected } from '#core/errors.ts'
import type { Store } from '#core/store.ts'

export interface StoreUnderTest {
  readonly store: Store
  /** Moves everything to where it rests, e.g. into chunks. */
  readonly settle: () => Promise<void>
  /** Closes and opens again; absent for a store that keeps nothing. */
  readonly reopen?: () => Promise<Store>
  readonly close: () => Promise<void>
}

const t0 = Date.UTC(2026, 0, 1) * 1000
const second = 1_000_000
const at = (seconds: number) => t0 + seconds * second
const tag = 'works/pump-1/pressure'

export const numbers = (entries: readonly (readonly [seconds: number, value: number | null, quality?: number])[], path = tag): Batch =>
  batchOf(entries.map(([seconds, value, quality = 0]) => ({ tag: path, time: at(seconds), value, quality })))

const field = (base: number): ArrayValue => ({
  shape: [2, 3],
  data: Float32Array.of(base, base + 1, base + 2, base + 3, base + 4, base + 5),
})

export function storeContract(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(`${name} keeps the promises of a store`, () => {
    let open: StoreUnderTest | undefined
    afterEach(async () => {
      await open?.close()
      open = undefined
    })
    const begin = async () => (open = await make())

    /** Runs the same expectations on what is in memory, at rest, and opened again. */
    async function everywhere({ store, settle, reopen }: StoreUnderTest, check: (store: Store) => Promise<void>): Promise<void> {
      await check(store)
      await settle()
      await check(store)
      if (reopen) await check(await reopen())
    }

    test('S1: append counts new, identical and replacing rows', async () => {
      const { store, settle } = await begin()
      const first = numbers([
        [0, 1],
        [1, 2],
        [2, null, 0x80],
      ])
      expect(await store.append([{ batch: first }])).toEqual([{ stored: 3, duplicates: 0, replaced: 0, expired: 0 }])
      const second = numbers([
        [1, 2],
        [2, 5],
        [0, 1, 0x40],
        [3, 4],
        [3, 4],
        [3, 5],
      ])
      expect(await store.append([{ batch: second }])).toEqual([{ stored: 4, duplicates: 2, replaced: 3, expired: 0 }])
      await settle()
      const third = numbers([
        [3, 5],
        [1, 7],
        [9, 9],
        [2, 6],
        [2, 5],
      ])
      expect(await store.append([{ batch: third }])).toEqual([{ stored: 4, duplicates: 1, replaced: 3, expired: 0 }])
      expect(store.statistics()).toMatchObject({ samples: 5, tags: 1 })
    })

    test('S2: the last write at a tag and time wins, wherever the first one rests', async () => {
      const under = await begin()
      await under.store.append([
        {
          batch: numbers([
            [0, 1],
            [1, 2],
            [2, 3],
          ]),
        },
      ])
      await under.settle()
      await under.store.append([
        {
          batch: numbers([
            [1, 20],
            [0.5, 15],
          ]),
        },
      ])
      await everywhere(under, async (store) => {
        const { time, value } = await store.read(tag, 0, at(10), 100)
        expect([...time]).toEqual([0, 0.5, 1, 2].map(at))
        expect([...value]).toEqual([1, 15, 20, 3])
      })
    })

    test('S3: a repeated origin changes nothing, also after settling and reopening', async () => {
      const { store, settle, reopen } = await begin()
      const origin = { source: 'outbox-a', sequence: 2 }
      await store.append([{ batch: numbers([[0, 1]]), origin }])
      const repetition = {
        batch: numbers([
          [0, 99],
          [1, 99],
        ]),
        origin,
      }
      const unchanged = [{ stored: 0, duplicates: 2, replaced: 0, expired: 0 }]
      expect(await store.append([repetition])).toEqual(unchanged)
      await settle()
      expect(await store.append([{ ...repetition, origin: { source: 'outbox-a', sequence: 1 } }])).toEqual(unchanged)
      const later = reopen ? await reopen() : store
      expect(await later.append([repetition])).toEqual(unchanged)
      expect(await later.append([{ batch: numbers([[1, 2]]), origin: { source: 'outbox-b', sequence: 1 } }])).toMatchObject([{ stored: 1 }])
      expect([...(await later.read(tag, 0, at(10), 10)).value]).toEqual([1, 2])
    })

    test('S3: a repetition within one append, or beside it, counts once', async () => {
      const { store } = await begin()
      const delivery = { batch: numbers([[0, 1]]), origin: { source: 'a', sequence: 1 } }
      const [both, again] = await Promise.all([store.append([delivery, delivery]), store.append([delivery])])
      expect([...both, ...again].map(({ stored }) => stored)).toEqual([1, 0, 0])
    })

    test('S4: values come back exactly, with quality, for every kind', async () => {
      const under = await begin()
      const values = [0.1, -0, 0, Number.MAX_VALUE, 5e-324, 1e300, -1e-300, 2 ** 53, Math.PI]
      const batch = batchOf([
        ...values.map((value, index) => ({ tag, time: at(index), value, quality: index * 3 })),
        { tag, time: at(100), value: null, quality: 0x82 },
        { tag: 'works/pump-1/running', time: at(1), value: true },
        { tag: 'works/pump-1/running', time: at(2), value: false },
        { tag: 'works/pump-1/state', time: at(1), value: 'läuft' },
        { tag: 'works/pump-1/state', time: at(2), value: '' },
        { tag: 'works/pump-1/state', time: at(3), value: null, kind: 'text' as const, quality: 0x80 },
        { tag: 'works/pump-1/state', time: at(4), value: 'läuft' },
      ])
      await under.store.append([{ batch }])
      await everywhere(under, async (store) => {
        const read = await store.read(tag, 0, at(1000), 1000)
        expect([...read.value]).toEqual([...values, Number.NaN])
        expect([...read.quality]).toEqual([...values.map((_, index) => index * 3), 0x82])
        expect([...(await store.read('works/pump-1/running', 0, at(9), 9)).value]).toEqual([1, 0])
        const { value, texts } = await store.read('works/pump-1/state', 0, at(9), 9)
        expect([...value].map((index) => texts[index])).toEqual(['läuft', '', undefined, 'läuft'])
        expect(store.latest(tag)).toEqual({ time: at(100), value: null, quality: 0x82 })
        expect(store.latest('works/pump-1/running')).toEqual({ time: at(2), value: false, quality: 0 })
        expect(store.latest('works/pump-1/state')).toEqual({ time: at(4), value: 'läuft', quality: 0 })
      })
    })

    test('S5: latest is the newest source time, not the last arrival', async () => {
      const under = await begin()
      await under.store.append([
        {
          batch: numbers([
            [5, 50],
            [3, 30],
          ]),
        },
      ])
      await under.store.append([{ batch: numbers([[4, 40]]) }])
      await everywhere(under, async (store) => expect(store.latest(tag)).toEqual({ time: at(5), value: 50, quality: 0 }))
      await under.store.append([{ batch: numbers([[5, 51, 0x40]]) }]).catch(() => {})
      expect(under.store.latest('works/pump-1/unknown')).toBeUndefined()
    })

    test('S5: replacing the newest sample replaces latest', async () => {
      const under = await begin()
      await under.store.append([{ batch: numbers([[5, 50]]) }])
      await under.settle()
      await under.store.append([{ batch: numbers([[5, 51, 0x40]]) }])
      await everywhere(under, async (store) => expect(store.latest(tag)).toEqual({ time: at(5), value: 51, quality: 0x40 }))
    })

    test('S6: read includes from, excludes to, and stops at the limit; readBack gives the newest before a time', async () => {
      const under = await begin()
      const all = Array.from({ length: 10_000 }, (_, index) => [index, index / 10] as const)
      await under.store.append([{ batch: numbers(all.filter(([seconds]) => seconds % 3 !== 0)) }])
      await under.settle()
      await under.store.append([{ batch: numbers(all.filter(([seconds]) => seconds % 3 === 0)) }])
      await everywhere(under, async (store) => {
        expect([...(await store.read(tag, at(100), at(103), 100)).value]).toEqual([10, 10.1, 10.2])
        expect([...(await store.read(tag, at(4000), at(9000), 4)).value]).toEqual([400, 400.1, 400.2, 400.3])
        expect([...(await store.readBack(tag, at(5000), 3)).value]).toEqual([499.7, 499.8, 499.9])
        expect((await store.readBack(tag, at(5000), 100_000)).time.length).toBe(5000)
        expect((await store.read(tag, 0, at(1e6), 1e6)).time.length).toBe(10_000)
        expect((await store.read(tag, at(5), at(5), 9)).time.length).toBe(0)
        expect((await store.readBack(tag, at(0), 9)).time.length).toBe(0)
        expect((await store.read('works/pump-1/unknown', 0, at(9), 9)).time.length).toBe(0)
      })
    })

    test('S7: buckets count usable rows only and leave empty buckets out', async () => {
      const under = await begin()
      const rows = Array.from({ length: 6000 }, (_, index) => [index, index % 100, index % 10 === 0 ? 0x80 : 0x40] as const)
      await under.store.append([{ batch: numbers(rows) }])
      await everywhere(under, async (store) => {
        const [buckets, unknown] = await store.buckets(
          [tag, 'works/pump-1/unknown'],
          Float64Array.from({ length: 13 }, (_, edge) => at(edge * 1000)),
        )
        expect([...(buckets?.time ?? [])]).toEqual([0, 1000, 2000, 3000, 4000, 5000].map(at))
        expect([...(buckets?.count ?? [])]).toEqual([900, 900, 900, 900, 900, 900])
        expect([...(buckets?.min ?? [])]).toEqual([1, 1, 1, 1, 1, 1])
        expect([...(buckets?.max ?? [])]).toEqual([99, 99, 99, 99, 99, 99])
        expect(buckets?.mean[0]).toBeCloseTo(50)
        expect([...(buckets?.last ?? [])]).toEqual([99, 99, 99, 99, 99, 99])
        expect(unknown).toMatchObject({ tag: 'works/pump-1/unknown', time: new Float64Array(0), timeMean: new Float64Array(0) })
        expect((await store.buckets([tag], equalEdges(at(0), at(12_000), 1)))[0]?.count).toEqual(Float64Array.of(5400))
      })
    })

    test('S8: array samples come back exactly, with statistics, and the newest at or before a time is found', async () => {
      const under = await begin()
      const path = 'works/press-1/field'
      const frames = [0, 10, 20].map((base) => ({ tag: path, time: at(base), value: field(base) }))
      await under.store.append([{ batch: batchOf(frames) }])
      await under.settle()
      const gap = { tag: path, time: at(30), value: null, kind: 'array' as const, quality: 0x80 }
      const late = batchOf([gap, { tag: path, time: at(10), value: field(11) }, { tag: path, time: at(0), value: field(0) }])
      expect(await under.store.append([{ batch: late }])).toEqual([{ stored: 2, duplicates: 1, replaced: 1, expired: 0 }])
      await everywhere(under, async (store) => {
        expect(await store.arrayAt(path, at(15))).toEqual({ time: at(10), quality: 0, ...field(11) })
        expect(await store.arrayAt(path, at(99))).toEqual({ time: at(20), quality: 0, ...field(20) })
        expect(await store.arrayAt(path, at(-1))).toBeUndefined()
        const summaries = await store.arrays(path, 0, at(99), 99)
        expect(summaries.map(({ time, min, max, mean }) => [time, min, max, mean])).toEqual([
          [at(0), 0, 5, 2.5],
          [at(10), 11, 16, 13.5],
          [at(20), 20, 25, 22.5],
        ])
        expect(summaries[0]?.std).toBeCloseTo(Math.sqrt(35 / 12))
        expect((await store.arrays(path, 0, at(99), 2)).length).toBe(2)
        expect(store.latest(path)).toEqual({ time: at(30), value: null, quality: 0x80 })
        expect([...(await store.read(path, 0, at(99), 99)).quality]).toEqual([0, 0, 0, 0x80])
        expect([...(await store.readBack(path, at(25), 2)).time]).toEqual([at(10), at(20)])
        expect((await store.buckets([path], equalEdges(0, at(99), 3)))[0]?.count).toEqual(new Float64Array(0))
      })
    })

    test('S8: latest of an array tag is the array', async () => {
      const under = await begin()
      await under.store.append([{ batch: batchOf([{ tag: 'works/press-1/field', time: at(0), value: field(7) }]) }])
      await everywhere(under, async (store) => expect(store.latest('works/press-1/field')?.value).toEqual(field(7)))
    })

    test('S9: a tag keeps its first kind; another is Rejected and nothing of that append is kept', async () => {
      const under = await begin()
      await under.store.append([{ batch: numbers([[0, 1]]) }])
      const mixed = batchOf([
        { tag: 'works/pump-1/new', time: at(1), value: 1 },
        { tag, time: at(1), value: 'text' },
      ])
      await expect(under.store.append([{ batch: mixed, origin: { source: 'a', sequence: 1 } }])).rejects.toThrow(Rejected)
      await everywhere(under, async (store) => {
        expect([...store.tags()]).toEqual([{ path: tag, kind: 'number' }])
        expect(store.tag(tag)).toEqual({ path: tag, kind: 'number' })
        expect(store.tag('works/pump-1/new')).toBeUndefined()
        expect(store.statistics().samples).toBe(1)
      })
    })

    test('S9: impossible rows are Rejected', async () => {
      const { store } = await begin()
      const good = numbers([[0, 1]])
      const faulty = [
        { ...good, time: Float64Array.of(0.5) },
        { ...good, tag: Uint32Array.of(7) },
        { ...good, count: 3 },
        { ...good, tags: ['m/'.padEnd(70_000, 't')] },
        { ...good, tags: [''] },
        { ...good, kinds: [] },
        { ...good, kinds: ['text' as const], value: Float64Array.of(3) },
      ]
      for (const batch of faulty) await expect(store.append([{ batch }])).rejects.toThrow(Rejected)
      await expect(store.append([{ batch: good, origin: { source: '', sequence: 1 } }])).rejects.toThrow(Rejected)
      await expect(store.append([{ batch: good, origin: { source: 'a', sequence: 0.5 } }])).rejects.toThrow(Rejected)
      await expect(store.buckets([tag], Float64Array.of(1))).rejects.toThrow(Rejected)
      await expect(store.buckets([tag], Float64Array.of(1, 0))).rejects.toThrow(Rejected)
    })

    test('S10: appends under way at once are each answered for themselves', async () => {
      const under = await begin()
      const appends = Array.from({ length: 50 }, (_, index) => {
        const origin = { source: 'a', sequence: index + 1 }
        return under.store.append([{ batch: numbers([[index, index]]), origin }, { batch: numbers([[index, index]]) }])
      })
      for (const results of await Promise.all(appends)) expect(results.map(({ stored }) => stored)).toEqual([1, 0])
      await everywhere(under, async (store) => expect((await store.read(tag, 0, at(99), 99)).time.length).toBe(50))
    })
  })
}
