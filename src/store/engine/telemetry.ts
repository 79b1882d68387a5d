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
import type { ArrayRow, LateTime, SealedLookup, TagState } from './shelf.ts'

/** About what an array sample, or a text with its place in an index, takes besides its content. */
const overheadBytes = 200

/** The ids that new tags get: the first, and every `step`th from there. */
export interface TagIds {
  readonly first: number
  readonly step: number
}

export class Telemetry implements Known {
  readonly series = new Map<TagPath, Series>()
  readonly origins = new Map<string, number>()
  readonly #latestArrays = new LatestArrays<Series>()
  readonly #sealed: SealedLookup
  #dirty: Series[] = []
  /** Those used last, newest first. */
  #dictionaries: Dictionary[] = []
  readonly #ids: TagIds
  #nextId: number
  /** Samples kept, in memory and sealed, each tag and time once. */
  samples = 0
  /** Rows in memory that are not being sealed yet. */
  hotRows = 0
  /** Bytes of texts and arrays among them. */
  hotBytes = 0
  /** Rows that replaced another value, and rows that came too late, ever. */
  replaced = 0
  expired = 0

  constructor(sealed: SealedLookup, ids: TagIds = { first: 1, step: 1 }) {
    this.#sealed = sealed
    this.#ids = ids
    this.#nextId = ids.first
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
    const { first, step } = this.#ids
    if ((id - first) % step === 0) this.#nextId = Math.max(this.#nextId, id + step)
    return series
  }

  learn({ kinds, origins }: News): void {
    for (const [path, kind] of kinds) this.addTag(path, kind)
    for (const [source, sequence] of origins) this.origins.set(source, sequence)
  }

  /** Applies a delivery that the log gives back. */
  replay(delivery: Delivery): void {
    const { fresh, news } = checkDeliveries([delivery], this)
    this.learn(news)
    if (fresh[0]) this.apply(delivery)
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
    this.#dictionaries = []
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

  /** Whether all tags of a dictionary are known, with these kinds. */
  knows(tags: readonly TagPath[], kinds: readonly Kind[]): boolean {
    return this.#dictionary(tags)?.series.every(({ kind }, index) => kind === kinds[index]) ?? false
  }

  /** The series of a dictionary; undefined when one is not known. Senders use the same dictionary again and again. */
  #dictionary(tags: readonly TagPath[]): Dictionary | undefined {
    const kept = this.#dictionaries.find((dictionary) => dictionary.tags === tags)
    if (kept) return kept
    const series: Series[] = []
    for (const path of tags) {
      const one = this.series.get(path)
      if (!one) return undefined
      series.push(one)
    }
    const made = { tags, series, slots: slotsOf(series) }
    if (this.#dictionaries.unshift(made) > dictionariesMax) this.#dictionaries.pop()
    return made
  }

  /** The rows of deliveries for which it must be known what is sealed at their time. */
  lateTimes(deliveries: readonly Delivery[]): LateTime[] {
    return deliveries.flatMap(({ batch: { tags, count, tag, time } }) => {
      const series = this.#dictionary(tags)?.series ?? tags.map((path) => this.series.get(path))
      const wanted: LateTime[] = []
      for (let row = 0; row < count; row++) {
        const one = series[tag[row] as number]
        const at = time[row] as number
        if (!one || at > one.sealedEnd || at < one.keptFrom) continue
        if (one.kind === 'array' || at <= one.recentFrom) wanted.push({ tag: one.id, kind: one.kind, time: at })
      }
      return wanted
    })
  }

  /** Adds the rows of a delivery whose tags are known: tag by tag, because that finds what it needs of a tag in the processor's cache. */
  apply({ batch }: Delivery): AppendResult {
    const result = { stored: 0, duplicates: 0, replaced: 0, expired: 0 }
    const dictionary = this.#dictionary(batch.tags) ?? sparse(batch.tags, this.series)
    const { order, ends } = sortByTag(batch, dictionary.slots)
    let start = 0
    for (let index = 0; index < ends.length; index++) {
      const end = ends[index] as number
      if (end > start) this.#applyRun(dictionary.series[index] as Series, batch, order, start, end, result)
      start = end
    }
    this.replaced += result.replaced
    this.expired += result.expired
    return result
  }

  /** Adds the rows order[start] … order[end - 1], all of one series, in their order. */
  #applyRun(series: Series, batch: Batch, order: Uint32Array, start: number, end: number, result: Counts): void {
    if (!series.isDirty) this.#touch(series)
    const { hot, kind, keptFrom } = series
    if (kind === 'array') {
      for (let at = start; at < end; at++)
        if ((batch.time[order[at] as number] as number) < keptFrom) result.expired++
        else this.#applyArray(series, batch, order[at] as number, result)
      return
    }
    const { time, value, quality } = batch
    hot.reserve(end - start)
    const before = hot.count
    for (let at = start; at < end; at++) {
      if (kind !== 'text') {
        const pushed = hot.pushRun(batch, order, at, end, Math.max(series.latestTime, keptFrom - 1))
        at += pushed
        if (pushed > 0) newestIsLast(series)
        if (at === end) break
      }
      const row = order[at] as number
      const rowTime = time[row] as number
      if (rowTime < keptFrom) {
        result.expired++
        continue
      }
      const x = kind === 'text' ? this.#textIndex(series, batch, row) : (value[row] as number)
      if (rowTime > series.latestTime) {
        hot.push(rowTime, x, quality[row] as number)
        newestIsLast(series)
      } else series.late.push({ time: rowTime, value: x, quality: quality[row] as number })
    }
    const added = hot.count - before
    this.hotRows += added
    this.samples += added
    result.stored += added
    if (series.late.length > 0) this.#applyLate(series, result)
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

  /** Takes over the newest array of a tag, read from the shelf; not if a newer sample has come. */
  restoreArray(series: Series, time: number, value: ArrayValue): void {
    if (series.latestTime === time) this.#latestArrays.set(series, value)
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

/** A batch's list of tags with what they stand for. */
interface Dictionary {
  readonly tags: readonly TagPath[]
  readonly series: readonly Series[]
  /** Where an entry stands for the same tag as an earlier one: the earlier one's index per entry. */
  readonly slots: Uint32Array | undefined
}

const dictionariesMax = 16

function slotsOf(series: readonly Series[]): Uint32Array | undefined {
  const first = new Map(series.map((one, index) => [one, index] as const).toReversed())
  return first.size === series.length ? undefined : Uint32Array.from(series, (one) => first.get(one) as number)
}

/** A dictionary with entries that no row uses, and that are not known. */
function sparse(tags: readonly TagPath[], known: ReadonlyMap<TagPath, Series>): Dictionary {
  const series = tags.map((path) => known.get(path) as Series)
  return { tags, series, slots: slotsOf(series) }
}

let order = new Uint32Array(1 << 14)
let ends = new Uint32Array(1 << 10)

/** Row numbers tag by tag, each tag's in their order, and where each tag's end. Scratch memory: good until the next call. */
function sortByTag({ count, tag, tags }: Batch, slots: Uint32Array | undefined): { order: Uint32Array; ends: Uint32Array } {
  if (order.length < count) order = new Uint32Array(count * 2)
  if (ends.length < tags.length) ends = new Uint32Array(tags.length * 2)
  ends.fill(0, 0, tags.length)
  const slotOf = (row: number) => (slots ? (slots[tag[row] as number] as number) : (tag[row] as number))
  for (let row = 0; row < count; row++) (ends[slotOf(row)] as number)++
  let sum = 0
  for (let index = 0; index < tags.length; index++) {
    const size = ends[index] as number
    ends[index] = sum
    sum += size
  }
  for (let row = 0; row < count; row++) {
    const slot = slotOf(row)
    order[ends[slot] as number] = row
    ends[slot] = (ends[slot] as number) + 1
  }
  return { order, ends: ends.subarray(0, tags.length) }
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
  expired: number
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

/** The newest sample is the last of the hot rows. */
function newestIsLast(series: Series): void {
  const { hot } = series
  const last = hot.count - 1
  setLatest(series, hot.time[last] as number, hot.value[last] as number, hot.quality[last] as number)
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
