// Whatever happens to a store, it answers as the memory store does, the model that is obviously right: random appends, sealings and reopenings.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { batchOf, type Value } from '#core/batch.ts'
import { equalEdges } from '#core/bucket-edges.ts'
import type { BucketColumns, Delivery, Store } from '#core/store.ts'
import type { Kind } from '#core/tag.ts'
import { createMemoryStore } from '#store/memory/memory-store.ts'
import type { StoreUnderTest } from './store.ts'

const kinds: Record<string, Kind> = { 'm/a': 'number', 'm/b': 'number', 'm/on': 'boolean', 'm/state': 'text', 'm/field': 'array' }
const paths = Object.keys(kinds)
export const timeMax = 400

const values: Record<Kind, fc.Arbitrary<Value>> = {
  number: fc.oneof(fc.integer({ min: -9, max: 9 }), fc.constantFrom(-0, 0.1, 1e300, 5e-324, null), fc.float({ noNaN: true })),
  boolean: fc.oneof(fc.boolean(), fc.constant(null)),
  text: fc.oneof(fc.constantFrom('on', 'off', '', null), fc.string({ maxLength: 5, unit: 'binary' })),
  array: fc.oneof(
    fc.constant(null),
    fc.nat(3).map((base) => ({ shape: [1, 2], data: Float32Array.of(base, -base) })),
  ),
}
const row = fc.constantFrom(...paths).chain((tag) =>
  fc.record({
    tag: fc.constant(tag),
    kind: fc.constant(kinds[tag] as Kind),
    time: fc.nat(timeMax),
    value: values[kinds[tag] as Kind],
    quality: fc.constantFrom(0, 0, 0x40, 0x80),
  }),
)
const run = fc.record({ tag: fc.constantFrom('m/a', 'm/b'), start: fc.nat(timeMax), count: fc.integer({ min: 1, max: 80 }) })
export const delivery: fc.Arbitrary<Delivery> = fc
  .record({
    rows: fc.array(row, { maxLength: 30 }),
    run: fc.option(run),
    origin: fc.option(fc.record({ source: fc.constantFrom('x', 'y'), sequence: fc.integer({ min: 1, max: 12 }) })),
  })
  .map(({ rows, run, origin }) => {
    const ascending = Array.from({ length: run?.count ?? 0 }, (_, index) => {
      const time = (run?.start ?? 0) + index
      return { tag: run?.tag ?? '', kind: 'number' as const, time, value: time / 10, quality: 0 }
    })
    return { batch: batchOf([...ascending, ...rows]), ...(origin ? { origin } : {}) }
  })

type Act = { append: Delivery[] } | 'seal' | 'sealMeanwhile' | 'reopen' | 'check'
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ append: fc.array(delivery, { minLength: 1, maxLength: 3 }) }) },
  { weight: 4, arbitrary: fc.constantFrom('seal', 'sealMeanwhile', 'reopen', 'check') },
)

/** Everything that can be read, at a few ranges. */
export async function picture(store: Store, from: number, span: number, limit: number) {
  const statistics = store.statistics()
  return {
    tags: [...store.tags()].toSorted((a, b) => a.path.localeCompare(b.path)),
    samples: statistics.samples,
    latest: paths.map((path) => store.latest(path)),
    reads: await Promise.all(
      paths.flatMap((path) =>
        [
          [0, 1e9, 1e9],
          [from, from + span, limit],
        ].map(async ([from = 0, to = 0, limit = 0]) => legible(await store.read(path, from, to, limit))),
      ),
    ),
    back: await Promise.all(paths.map(async (path) => legible(await store.readBack(path, from + span, limit)))),
    arrays: await store.arrays('m/field', from, from + span, limit),
    arrayAt: await store.arrayAt('m/field', from),
    buckets: (await store.buckets([...paths, 'm/none'], equalEdges(from, from + span, 7))).map(rounded),
  }
}

/** Texts in place of indices: dictionaries may differ. */
function legible({ time, value, quality, texts }: Awaited<ReturnType<Store['read']>>) {
  return { time: [...time], value: [...value].map((x) => (texts.length > 0 && !Number.isNaN(x) ? texts[x] : x)), quality: [...quality] }
}

/** So many that no sum of plain numbers lies in the middle between two. */
const steps = 1e7 / Math.PI

/** Sums in another order differ in the last bits of the largest value that went in. */
const rounded = ({ tag, time, count, min, max, first, last, ...sums }: BucketColumns) => ({
  tag,
  time,
  count,
  min,
  max,
  first,
  last,
  ...Object.fromEntries(
    Object.entries(sums).map(([name, column]) => [
      name,
      Array.from(column, (x, bucket) => {
        const largest = Math.max(Math.abs(min[bucket] as number), Math.abs(max[bucket] as number)) * (count[bucket] as number)
        return largest < 1e-300 ? 0 : Math.round((x / largest) * steps)
      }),
    ]),
  ),
})

/** `make` opens a new store with little room in memory. */
export function agreesWithMemory(
  name: string,
  make: () => Promise<StoreUnderTest>,
  runs: { numRuns: number; endOnFailure?: boolean },
): void {
  test(`whatever is appended, sealed and reopened, ${name} answers as the memory store does`, { timeout: 240_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(act, { minLength: 3, maxLength: 12 }),
        fc.nat(timeMax),
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 20 }),
        async (acts, from, span, limit) => {
          const { store, settle, reopen, close } = await make()
          const memory = createMemoryStore()
          try {
            for (const act of [...acts, 'check' as const]) {
              if (act === 'seal') await settle()
              else if (act === 'sealMeanwhile') void settle()
              else if (act === 'check') expect(await picture(store, from, span, limit)).toEqual(await picture(memory, from, span, limit))
              else if (act === 'reopen') await reopen?.()
              else expect(await store.append(act.append)).toEqual(await memory.append(act.append))
            }
          } finally {
            await close()
          }
        },
      ),
      runs,
    )
  })
}
