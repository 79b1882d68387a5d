// Frozen series on their way to be sealed: columns of many tags in a few buffers, which a thread hands to another without copying.
import type { TagPath } from '#core/path.ts'
import type { Kind } from '#core/tag.ts'
import { sliceRows, type Rows } from '#store/chunk/rows.ts'
import type { Series } from './series.ts'
import type { ArrayRow, TagState } from './shelf.ts'

/** One part of what is frozen; index i is one tag. */
export interface FrozenPart {
  readonly id: Uint32Array
  readonly path: readonly TagPath[]
  readonly kind: readonly Kind[]
  readonly latestTime: Float64Array
  readonly latestValue: Float64Array
  readonly latestQuality: Uint8Array
  /** Rows per tag; those of all tags follow one another in the columns below. */
  readonly count: Uint32Array
  readonly time: Float64Array
  readonly value: Float64Array
  readonly quality: Uint8Array
  /** Per index, for text tags. */
  readonly texts: ReadonlyMap<number, { readonly latest: string; readonly dictionary: readonly string[] }>
  /** Per index, for array tags. */
  readonly arrays: ReadonlyMap<number, readonly ArrayRow[]>
}

/** What is sealed of one tag. */
export interface FrozenTag {
  readonly state: TagState
  readonly rows: Rows
  readonly arrays: readonly ArrayRow[]
}

/** Copies frozen series. */
export function packFrozen(series: readonly Series[]): FrozenPart {
  const rows = series.reduce((sum, { frozen }) => sum + frozen.count, 0)
  const [time, value, quality] = [new Float64Array(rows), new Float64Array(rows), new Uint8Array(rows)]
  const texts = new Map<number, { latest: string; dictionary: readonly string[] }>()
  const arrays = new Map<number, readonly ArrayRow[]>()
  let at = 0
  series.forEach(({ frozen, frozenArrays, frozenLatest, kind }, index) => {
    time.set(frozen.time.subarray(0, frozen.count), at)
    value.set(frozen.value.subarray(0, frozen.count), at)
    quality.set(frozen.quality.subarray(0, frozen.count), at)
    at += frozen.count
    if (kind === 'text') texts.set(index, { latest: frozenLatest.latestText, dictionary: frozen.texts })
    if (frozenArrays.length > 0) arrays.set(index, frozenArrays)
  })
  return {
    id: Uint32Array.from(series, ({ id }) => id),
    path: series.map(({ path }) => path),
    kind: series.map(({ kind }) => kind),
    latestTime: Float64Array.from(series, ({ frozenLatest }) => frozenLatest.latestTime),
    latestValue: Float64Array.from(series, ({ frozenLatest }) => frozenLatest.latestValue),
    latestQuality: Uint8Array.from(series, ({ frozenLatest }) => frozenLatest.latestQuality),
    count: Uint32Array.from(series, ({ frozen }) => frozen.count),
    time,
    value,
    quality,
    texts,
    arrays,
  }
}

/** The memory that can be handed over with a part. */
export const buffersOf = ({ time, value, quality }: FrozenPart): ArrayBuffer[] =>
  [time, value, quality].map(({ buffer }) => buffer as ArrayBuffer)

/** The tags of a part, one after another. */
export function* unpackFrozen(part: FrozenPart): Generator<FrozenTag> {
  const all: Rows = { count: part.time.length, time: part.time, value: part.value, quality: part.quality, texts: [] }
  let at = 0
  for (const [index, count] of part.count.entries()) {
    const texts = part.texts.get(index)
    const rows = sliceRows(all, at, at + count)
    at += count
    yield {
      state: {
        id: part.id[index] as number,
        path: part.path[index] as TagPath,
        kind: part.kind[index] as Kind,
        latestTime: part.latestTime[index] as number,
        latestValue: part.latestValue[index] as number,
        latestQuality: part.latestQuality[index] as number,
        latestText: texts?.latest ?? '',
      },
      rows: texts ? { ...rows, texts: texts.dictionary } : rows,
      arrays: part.arrays.get(index) ?? [],
    }
  }
}
