// What the open store holds in memory: every tag's series and every source's newest sequence. Applies what the log has made durable.
import { arrayStatistics, type ArrayValue } from '#core/array.ts'
import type { Batch, Sample } from '#core/batch.ts'
import type { TagPath } from '#core/path.ts'
import type { AppendResult, Delivery } from '#core/store.ts'
import type { Kind } from '#core/tag.ts'
import { noRows, type Rows } from '#store/chunk/rows.ts'
import { checkDeliveries, type Known, type News } from '#store/delivery-check.ts'
import { rowAt, type LateRow } from './hot-rows.ts'
import { LatestArrays } from './latest-arrays.ts'
import { freeze, newSeries, type Series } from './series.ts'
import type { ArrayRow, SealedLookup, TagState } from './shelf.ts'

/** About what an array sample, or a text with its place in an index, takes besides its content. */
const overheadBytes = 200

export class Telemetry implements Known {
  readonly series = new Map<TagPath, Series>()
  readonly origins = new Map<string, number>()
  readonly #latestArrays = new LatestArrays()
  readonly #sealed: SealedLookup
  #dirty: Series[] = []
  #nextId = 1
  /** Samples kept, in memory and sealed, each tag and time once. */
  samples = 0
  /** Rows in memory that are not being sealed yet. */
  hotRows = 0
  /** Bytes of texts and arrays among them. */
  hotBytes = 0
  /** Rows that replaced another value, and rows that came too late, ever. */
  replaced = 0
  expired = 0

  constructor(sealed: SealedLookup) {
    this.#sealed = sealed
  }

  newest(source: string): number {
    return this.origins.get(source) ?? 0
  }

  get sourceCount(): number {
    return this.origins.size
  }

  get tagCount(): number {
    return this.series.size
  }

  kind(path: TagPath): Kind | undefined {
    return this.series.get(path)?.kind
  }

  /** A tag that is new, or comes from the database with its id. */
  addTag(path: TagPath, kind: Kind, id = this.#nextId): Series {
    const series = newSeries(id, path, kind)
    this.series.set(path, series)
    this.#nextId = Math.max(this.#nextId, id + 1)
    return series
  }

  learn({ kinds, origins }: News): void {
    for (const [path, kind] of kinds) this.addTag(path, kind)
    for (const [source, sequence] of origins) this.origins.set(source, sequence)
  }

  /** Applies deliveries that the log gives back. */
  replay(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) {
      const { fresh, news } = checkDeliveries([delivery], this)
      this.learn(news)
      if (fresh[0]) this.apply(delivery)
    }
  }

  /** Moves everything hot to be sealed and returns the series that have any. */
  freezeAll(): Series[] {
    this.hotRows = 0
    this.hotBytes = 0
    const dirty = this.#dirty
    this.#dirty = []
    return dirty.filter((series) => freeze(series))
  }

  /** Forgets a tag and all that memory holds of it. */
  forget(series: Series): void {
    this.series.delete(series.path)
    this.#dirty = this.#dirty.filter((one) => one !== series)
    this.#latestArrays.set(series, undefined)
  }

  /** Takes over the newest sample that is left after some were deleted, all of them sealed. */
  renewLatest(series: Series, { latestTime, latestValue, latestQuality, latestText }: TagState): void {
    Object.assign(series, { latestTime, latestValue, latestQuality, latestText, sealedEnd: latestTime })
    this.#latestArrays.set(series, undefined)
  }

  #touch(series: Series): void {
    if (series.isDirty) return
    series.isDirty = true
    this.#dirty.push(series)
  }

  /** Adds the rows of a delivery whose tags are known. */
  apply({ batch }: Delivery): AppendResult {
    const byIndex = batch.tags.map((path) => this.series.get(path) as Series)
    const result = { stored: 0, duplicates: 0, replaced: 0, expired: 0 }
    const late = new Set<Series>()
    const { count, tag, time, value, quality } = batch
    for (let row = 0; row < count; row++) {
      const series = byIndex[tag[row] as number] as Series
      const at = time[row] as number
      if (at < series.keptFrom) {
        result.expired++
        continue
      }
      if (!series.isDirty) this.#touch(series)
      if (series.kind === 'array') {
        this.#applyArray(series, batch, row, result)
        continue
      }
      const x = series.kind === 'text' ? this.#textIndex(series, batch, row) : (value[row] as number)
      if (at > series.latestTime) {
        series.hot.push(at, x, quality[row] as number)
        setLatest(series, at, x, quality[row] as number)
        this.hotRows++
        this.samples++
        result.stored++
      } else {
        series.late.push({ time: at, value: x, quality: quality[row] as number })
        late.add(series)
      }
    }
    for (const series of late) this.#applyLate(series, result)
    this.replaced += result.replaced
    this.expired += result.expired
    return result
  }

  #textIndex(series: Series, batch: Batch, row: number): number {
    const index = batch.value[row] as number
    if (Number.isNaN(index)) return index
    const text = (batch.texts[index] as string).toWellFormed()
    const known = series.hot.texts.length
    const at = series.hot.textIndex(text)
    if (at === known) this.hotBytes += overheadBytes + 2 * text.length
    return at
  }

  #applyLate(series: Series, result: Counts): void {
    const { hot, late } = series
    series.late = []
    const inserts: LateRow[] = []
    let sealed: Sealed = { rows: noRows, until: -Infinity }
    for (const row of late.toSorted((a, b) => a.time - b.time)) {
      const previous = inserts.at(-1)
      if (previous?.time === row.time) {
        if (count(isSame(previous, row), result)) Object.assign(previous, row)
        else continue
      } else {
        const at = rowAt(hot, row.time)
        if (at < 0 && row.time >= sealed.until && row.time <= series.sealedEnd) sealed = this.#sealedAround(series, row.time)
        const before =
          at >= 0 ? { value: hot.value[at] as number, quality: hot.quality[at] as number } : sealedRow(series, sealed.rows, row.time)
        if (before) {
          if (!count(isSame(before, row), result)) continue
        } else {
          result.stored++
          this.samples++
        }
        if (at >= 0) hot.replace(at, row.value, row.quality)
        else inserts.push(row)
      }
      if (row.time === series.latestTime) setLatest(series, row.time, row.value, row.quality)
    }
    hot.insert(inserts)
    this.hotRows += inserts.length
  }

  #sealedAround({ id, recent, recentFrom }: Series, time: number): Sealed {
    return time > recentFrom ? { rows: recent, until: Infinity } : this.#sealed.around(id, time)
  }

  #applyArray(series: Series, batch: Batch, row: number, result: Counts): void {
    const time = batch.time[row] as number
    const quality = batch.quality[row] as number
    const given = batch.arrays[batch.value[row] as number]
    const { hotArrays } = series
    const at = lowerBoundOf(hotArrays, time)
    const hot = hotArrays[at]?.time === time
    const before = hot ? hotArrays[at] : time > series.latestTime ? undefined : this.arrayAt(series, time)
    if (before) {
      if (!count(before.quality === quality && isSameArray(before.value, given), result)) return
    } else {
      result.stored++
      this.samples++
    }
    const value = given && { shape: [...given.shape], data: shared(given.data) }
    hotArrays.splice(at, hot ? 1 : 0, { time, quality, value, statistics: value && arrayStatistics(value) })
    this.hotBytes += overheadBytes + (value?.data.byteLength ?? 0)
    if (!hot) this.hotRows++
    if (time < series.latestTime) return
    setLatest(series, time, Number.NaN, quality)
    this.#latestArrays.set(series, value)
  }

  /** The newest sample as people see it. */
  latest(series: Series): Sample | undefined {
    const { latestTime: time, latestQuality: quality, latestValue: x, kind } = series
    if (time === -Infinity) return undefined
    if (kind === 'array') return { time, quality, value: this.#latestArray(series) ?? null }
    if (Number.isNaN(x)) return { time, quality, value: null }
    return { time, quality, value: kind === 'text' ? series.latestText : kind === 'boolean' ? x !== 0 : x }
  }

  #latestArray(series: Series): ArrayValue | undefined {
    const kept = this.#latestArrays.get(series)
    if (kept) return kept
    const value = this.arrayAt(series, series.latestTime)?.value
    this.#latestArrays.set(series, value)
    return value
  }

  /** The array sample at exactly a time, wherever it is. */
  arrayAt(series: Series, time: number): Pick<ArrayRow, 'quality' | 'value'> | undefined {
    const exact = (rows: readonly ArrayRow[]) => {
      const row = rows[lowerBoundOf(rows, time)]
      return row?.time === time ? row : undefined
    }
    return (
      exact(series.hotArrays) ??
      exact(series.frozenArrays) ??
      (time <= series.sealedEnd ? this.#sealed.arrayAt(series.id, time) : undefined)
    )
  }
}

/** Sealed rows up to but not including `until`. */
interface Sealed {
  readonly rows: Rows
  readonly until: number
}

interface Counts {
  stored: number
  duplicates: number
  replaced: number
}

/** Counts a row whose time is there already; says whether it replaces. */
function count(same: boolean, result: Counts): boolean {
  if (same) result.duplicates++
  else {
    result.replaced++
    result.stored++
  }
  return !same
}

/** The row at a time that is frozen or sealed, its text as an index into the hot texts (-1: another text). */
function sealedRow({ frozen, hot, kind }: Series, sealed: Rows, time: number): { value: number; quality: number } | undefined {
  const inFrozen = rowAt(frozen, time)
  const rows = inFrozen >= 0 ? frozen : sealed
  const at = inFrozen >= 0 ? inFrozen : rowAt(sealed, time)
  if (at < 0) return undefined
  const x = rows.value[at] as number
  const value = kind === 'text' && !Number.isNaN(x) ? hot.knownTextIndex(rows.texts[x] as string) : x
  return { value, quality: rows.quality[at] as number }
}

const isSame = (a: { value: number; quality: number }, b: { value: number; quality: number }) =>
  a.quality === b.quality && Object.is(a.value, b.value)

function isSameArray(a: ArrayValue | undefined, b: ArrayValue | undefined): boolean {
  if (!a || !b) return a === b
  const bytes = ({ data }: ArrayValue) => Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  return a.shape.length === b.shape.length && a.shape.every((length, index) => length === b.shape[index]) && bytes(a).equals(bytes(b))
}

/** A copy that the thread which seals may read without another. */
function shared(data: Float32Array): Float32Array {
  const copy = new Float32Array(new SharedArrayBuffer(data.byteLength))
  copy.set(data)
  return copy
}

function setLatest(series: Series, time: number, value: number, quality: number): void {
  series.latestTime = time
  series.latestValue = value
  series.latestQuality = quality
  if (series.kind === 'text') series.latestText = series.hot.texts[value] ?? ''
}

/** Index of the first array sample at or after `time`. */
function lowerBoundOf(rows: readonly ArrayRow[], time: number): number {
  let low = 0
  let high = rows.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((rows[middle] as ArrayRow).time < time) low = middle + 1
    else high = middle
  }
  return low
}
