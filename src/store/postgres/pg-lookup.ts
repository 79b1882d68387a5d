// What is sealed at the times of rows that come late: fetched before they are applied, because PostgreSQL does not answer at once. Chunks are kept
// decoded for a while, because late rows come in groups.
import { messageOf } from '#core/errors.ts'
import type { Quality } from '#core/quality.ts'
import { formatTime, type Micros } from '#core/time.ts'
import type { ArrayValue } from '#core/array.ts'
import { decodeArray } from '#store/chunk/array-codec.ts'
import { decodeChunk } from '#store/chunk/chunk-codec.ts'
import { noRows, type Rows } from '#store/chunk/rows.ts'
import type { Damage } from '#store/engine/damage.ts'
import { HotRows, rowAt } from '#store/engine/hot-rows.ts'
import type { LateTime, SealedLookup } from '#store/engine/shelf.ts'
import { statement, type Ask } from './sql.ts'

/** Late rows about which one question is asked, and arrays, which are larger. */
const stepTimes = 1024
const stepArrays = 16

const chunksAround = statement(
  'chunks around',
  `select tag, start, "end", bytes from (
     select tag, min(time) as first,
       (select start from telemetry.chunk where chunk.tag = late.tag and start <= late.time order by start desc limit 1) as start
     from unnest($1::int[], $2::bigint[]) as late(tag, time) group by 1, 3) as found
   join telemetry.chunk using (tag, start) where "end" >= first`,
)
const arraysAt = statement(
  'arrays at',
  `select tag, time, quality, bytes from unnest($1::int[], $2::bigint[]) as late(tag, time) join telemetry.array_sample using (tag, time)`,
)

interface Kept {
  readonly tag: number
  readonly start: Micros
  readonly end: Micros
  readonly rows: Rows
}

interface SealedArray {
  readonly quality: Quality
  readonly value: ArrayValue | undefined
}

export class PgLookup implements SealedLookup {
  readonly #ask: Ask
  readonly #damage: Damage
  readonly #rowsMax: number
  /** Chunks decoded last, per tag; all of them, oldest first. */
  readonly #keptOf = new Map<number, Kept[]>()
  #kept: Kept[] = []
  #keptRows = 0
  /** What was found for the rows that are applied next, per tag and per array. */
  readonly #found = new Map<number, HotRows>()
  readonly #arrays = new Map<string, SealedArray>()
  /** How often the shelf has changed. */
  #changes = 0

  /** `rowsMax` bounds the decoded rows that are kept. */
  constructor(ask: Ask, damage: Damage, rowsMax: number) {
    this.#ask = ask
    this.#damage = damage
    this.#rowsMax = rowsMax
  }

  around(tag: number, time: Micros): { rows: Rows; until: Micros } {
    // It is not known here from where on memory knows better.
    return { rows: this.#found.get(tag) ?? noRows, until: time + 1 }
  }

  arrayAt(tag: number, time: Micros): SealedArray | undefined {
    return this.#arrays.get(arrayKey(tag, time))
  }

  forget(): void {
    this.#keptOf.clear()
    this.#kept = []
    this.#keptRows = 0
    this.#changes++
  }

  /** Never throws: what cannot be read is not there. */
  async prefetch(wanted: () => readonly LateTime[]): Promise<void> {
    for (let changes = -1; changes !== this.#changes; ) {
      changes = this.#changes
      this.#found.clear()
      this.#arrays.clear()
      const [rows, arrays]: [LateTime[], LateTime[]] = [[], []]
      for (const one of wanted()) (one.kind === 'array' ? arrays : rows).push(one)
      rows.sort((a, b) => a.tag - b.tag || a.time - b.time)
      try {
        for (let from = 0; from < rows.length; from += stepTimes) await this.#findRows(rows.slice(from, from + stepTimes))
        for (let from = 0; from < arrays.length; from += stepArrays) await this.#findArrays(arrays.slice(from, from + stepArrays))
      } catch (error) {
        this.#damage('what is sealed at the times of late rows', messageOf(error))
      }
    }
  }

  async #findRows(wanted: readonly LateTime[]): Promise<void> {
    const missing = wanted.filter(({ tag, time }) => !this.#keptOf.get(tag)?.some(covers(time)))
    const fetched = new Map<number, Kept[]>()
    for (const kept of missing.length > 0 ? await this.#fetch(missing) : []) {
      const others = fetched.get(kept.tag)
      if (others) others.push(kept)
      else fetched.set(kept.tag, [kept])
    }
    for (const { tag, kind, time } of wanted) {
      const rows = (fetched.get(tag)?.find(covers(time)) ?? this.#keptOf.get(tag)?.find(covers(time)))?.rows ?? noRows
      const at = rowAt(rows, time)
      if (at < 0) continue
      let found = this.#found.get(tag)
      if (!found) this.#found.set(tag, (found = new HotRows()))
      if (found.time[found.count - 1] === time) continue
      const x = rows.value[at] as number
      const value = kind === 'text' && !Number.isNaN(x) ? found.textIndex(rows.texts[x] as string) : x
      found.push(time, value, rows.quality[at] as Quality)
    }
    for (const kept of fetched.values()) for (const one of kept) this.#keep(one)
  }

  async #fetch(wanted: readonly LateTime[]): Promise<Kept[]> {
    const rows = await this.#ask(chunksAround, columns(wanted))
    return rows.flatMap((row) => {
      const [tag, start, end, bytes] = row as [number, number, number, Uint8Array]
      try {
        return { tag, start, end, rows: decodeChunk(bytes) }
      } catch (error) {
        this.#damage(`a chunk of tag ${tag} from ${formatTime(start)} to ${formatTime(end)}`, messageOf(error))
        return []
      }
    })
  }

  #keep(one: Kept): void {
    this.#kept.push(one)
    this.#keptRows += one.rows.count
    this.#keptOf.set(one.tag, [...(this.#keptOf.get(one.tag) ?? []), one])
    while (this.#keptRows > this.#rowsMax) {
      const oldest = this.#kept.shift() as Kept
      this.#keptRows -= oldest.rows.count
      const left = this.#keptOf.get(oldest.tag)?.filter((other) => other !== oldest) ?? []
      if (left.length > 0) this.#keptOf.set(oldest.tag, left)
      else this.#keptOf.delete(oldest.tag)
    }
  }

  async #findArrays(wanted: readonly LateTime[]): Promise<void> {
    for (const row of await this.#ask(arraysAt, columns(wanted))) {
      const [tag, time, quality, bytes] = row as [number, number, Quality, Uint8Array | null]
      let value: ArrayValue | undefined
      try {
        value = bytes ? await decodeArray(bytes) : undefined
      } catch (error) {
        this.#damage(`the array of tag ${tag} at ${formatTime(time)}`, messageOf(error))
      }
      this.#arrays.set(arrayKey(tag, time), { quality, value })
    }
  }
}

const covers =
  (time: Micros) =>
  ({ start, end }: Kept) =>
    start <= time && time <= end
const arrayKey = (tag: number, time: Micros) => `${tag} ${time}`
const columns = (wanted: readonly LateTime[]) => [wanted.map(({ tag }) => tag), wanted.map(({ time }) => time)]
