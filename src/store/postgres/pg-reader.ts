// Sealed telemetry in PostgreSQL, as reading sees it.
import { messageOf } from '#core/errors.ts'
import type { Quality } from '#core/quality.ts'
import type { ArrayFrame, ArrayFrameSummary } from '#core/store.ts'
import { formatTime, type Micros } from '#core/time.ts'
import { decodeArray } from '#store/chunk/array-codec.ts'
import { decodeChunk } from '#store/chunk/chunk-codec.ts'
import { joinRows, noRows, rowsBetween, type Rows } from '#store/chunk/rows.ts'
import type { Damage } from '#store/engine/damage.ts'
import type { Block, Chunk, ShelfReader, Tier } from '#store/engine/shelf.ts'
import { decodeSummaries } from '#store/rollup/summaries-codec.ts'
import { bound, float64s, statement, type Ask, type Row } from './sql.ts'

const chunkColumns = 'start, "end", count, summaries'
const chunksFrom = statement(
  'chunks',
  `select ${chunkColumns} from telemetry.chunk where tag = $1 and start >=
     coalesce((select start from telemetry.chunk where tag = $1 and start <= $2 order by start desc limit 1), $2)
   and start < $3 and "end" >= $2 order by start limit $4`,
)
const chunksWithBytes = statement('chunks with bytes', chunksFrom.text.replace(chunkColumns, `${chunkColumns}, bytes`))
const chunksBack = statement(
  'chunks back',
  `select ${chunkColumns} from telemetry.chunk where tag = $1 and start < $2 order by start desc limit $3`,
)
const chunkBytes = statement(
  'chunk bytes',
  'select start, "end", count, bytes from telemetry.chunk where tag = $1 and start = any($2::bigint[])',
)
const perTier = (name: string, text: (table: string) => string) => ({
  minute: statement(`minute ${name}`, text('telemetry.minute_block')),
  hour: statement(`hour ${name}`, text('telemetry.hour_block')),
})
const blocksFrom = perTier('blocks', (table) => `select day, bytes from ${table} where tag = $1 and day >= $2 and day < $3 order by day`)
const lastBlock = perTier('last block', (table) => `select day, bytes from ${table} where tag = $1 and day < $2 order by day desc limit 1`)
const arraysFrom = statement(
  'arrays',
  'select time, quality, statistics from telemetry.array_sample where tag = $1 and time >= $2 and time < $3 order by time limit $4',
)
const arraysBack = statement(
  'arrays back',
  'select time, quality from telemetry.array_sample where tag = $1 and time < $2 order by time desc limit $3',
)
const newestArray = statement(
  'newest array',
  `select time, quality, bytes from telemetry.array_sample where tag = $1 and time < $2 and bytes is not null
   order by time desc limit 1`,
)

/** Days beyond all time stand for the first and the last. */
const dayMax = 1 << 30
export const dayBound = (day: number): number => Math.ceil(Math.min(Math.max(day, -dayMax), dayMax))

export class PgReader implements ShelfReader {
  protected readonly ask: Ask
  readonly #damage: Damage

  constructor(ask: Ask, damage: Damage) {
    this.ask = ask
    this.#damage = damage
  }

  async chunks(tag: number, from: Micros, to: Micros, limit: number): Promise<Chunk[]> {
    return (await this.ask(chunksFrom, [tag, bound(from), bound(to), limit])).map((row) => chunkOf(tag, row))
  }

  /** The same with their bytes, which it gives to `take`. */
  protected async chunksWithBytes(
    { tag, from, to, limit }: { tag: number; from: Micros; to: Micros; limit: number },
    take: (chunk: Chunk, bytes: Uint8Array) => void,
  ): Promise<Chunk[]> {
    return (await this.ask(chunksWithBytes, [tag, bound(from), bound(to), limit])).map((row) => {
      const chunk = chunkOf(tag, row)
      take(chunk, row[4] as Uint8Array)
      return chunk
    })
  }

  async chunksBack(tag: number, before: Micros, limit: number): Promise<Chunk[]> {
    return (await this.ask(chunksBack, [tag, bound(before), limit])).map((row) => chunkOf(tag, row))
  }

  async rows(chunks: readonly Chunk[]): Promise<(Rows | undefined)[]> {
    const [first] = chunks
    if (!first) return []
    const found = await this.ask(chunkBytes, [first.tag, chunks.map(({ start }) => start)])
    const byStart = new Map(found.map(([start, end, count, bytes]) => [start, { end, count, bytes: bytes as Uint8Array }]))
    const decoded: (Rows | undefined)[] = []
    for (const chunk of chunks) {
      const now = byStart.get(chunk.start)
      const isSame = now?.end === chunk.end && now.count === chunk.count
      decoded.push(now && isSame ? this.decode(chunk, now.bytes) : await this.#rowsWithin(chunk))
    }
    return decoded
  }

  protected decode(chunk: Chunk, bytes: Uint8Array): Rows | undefined {
    const { tag, start, end, count } = chunk
    return this.#readable(`a chunk of ${count} samples of tag ${tag} from ${formatTime(start)} to ${formatTime(end)}`, () =>
      decodeChunk(bytes),
    )
  }

  /** What lies now where a chunk lay that was sealed anew since it was found. */
  async #rowsWithin({ tag, start, end }: Chunk): Promise<Rows> {
    const parts = await this.rows(await this.chunks(tag, start, end + 1, chunksMax))
    return joinRows(parts.map((rows) => rowsBetween(rows ?? noRows, start, end + 1)))
  }

  async blocks(tag: number, tier: Tier, from: number, to: number): Promise<Block[]> {
    const rows = await this.ask(blocksFrom[tier], [tag, dayBound(from), dayBound(to)])
    return rows.flatMap((row) => this.#block(tag, tier, row) ?? [])
  }

  async lastBlock(tag: number, tier: Tier, before: number): Promise<Block | undefined> {
    const [row] = await this.ask(lastBlock[tier], [tag, dayBound(before)])
    return row && this.#block(tag, tier, row)
  }

  #block(tag: number, tier: Tier, row: Row): Block | undefined {
    const [day, bytes] = row as [number, Uint8Array]
    const summaries = this.#readable(`the ${tier}s of tag ${tag} on day ${day}`, () => decodeSummaries(bytes))
    return summaries && { day, summaries }
  }

  async newestArray(tag: number, time: Micros): Promise<ArrayFrame | undefined> {
    for (let before = bound(Math.floor(time) + 1); ; ) {
      const [row] = await this.ask(newestArray, [tag, before])
      if (!row) return undefined
      const [at, quality, bytes] = row as [number, Quality, Uint8Array]
      try {
        return { time: at, quality, ...(await decodeArray(bytes)) }
      } catch (error) {
        this.#damage(`the array of tag ${tag} at ${formatTime(at)}`, messageOf(error))
        before = at
      }
    }
  }

  async arraySummaries(
    tag: number,
    from: Micros,
    to: Micros,
    limit: number,
  ): Promise<{ time: Micros; summary: ArrayFrameSummary | undefined }[]> {
    return (await this.ask(arraysFrom, [tag, bound(from), bound(to), bound(limit)])).map((row) => {
      const [time, quality, statistics] = row as [number, Quality, Uint8Array | null]
      if (!statistics) return { time, summary: undefined }
      const [min = 0, max = 0, mean = 0, std = 0] = float64s(statistics)
      return { time, summary: { time, quality, min, max, mean, std } }
    })
  }

  async arrayRows(tag: number, from: Micros, to: Micros, limit: number): Promise<{ time: Micros; quality: Quality }[]> {
    return (await this.ask(arraysFrom, [tag, bound(from), bound(to), bound(limit)])).map(timeAndQuality)
  }

  async arrayRowsBack(tag: number, before: Micros, limit: number): Promise<{ time: Micros; quality: Quality }[]> {
    return (await this.ask(arraysBack, [tag, bound(before), bound(limit)])).map(timeAndQuality).toReversed()
  }

  #readable<T>(what: string, read: () => T): T | undefined {
    try {
      return read()
    } catch (error) {
      this.#damage(what, messageOf(error))
      return undefined
    }
  }
}

/** More than a chunk can have become. */
const chunksMax = 1 << 20

function chunkOf(tag: number, row: Row): Chunk {
  const [start, end, count, summaries] = row as [number, number, number, Uint8Array | null]
  return { tag, start, end, count, summaries: summaries ? float64s(summaries) : undefined, data: start }
}

function timeAndQuality(row: Row): { time: Micros; quality: Quality } {
  const [time, quality] = row as [number, Quality]
  return { time, quality }
}
