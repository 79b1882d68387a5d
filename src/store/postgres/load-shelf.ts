// What memory knows from the start of a partition: its tags with their newest samples, and the newest sequence of every source.
import type { Pool } from 'pg'
import { latestArrayBytesMax } from '#store/engine/latest-arrays.ts'
import type { Series } from '#store/engine/series.ts'
import type { ShelfReader } from '#store/engine/shelf.ts'
import type { Telemetry } from '#store/engine/telemetry.ts'
import { float64s, query, statement, type Row } from './sql.ts'

/** Rows that are read at once. */
const stepRows = 20_000

export const tagColumns = 'id, path, kind, latest_time, latest_value, latest_quality, latest_text, kept_from'
const tags = statement('tags', `select ${tagColumns} from telemetry.tag where partition = $1 and id > $2 order by id limit ${stepRows}`)
const origins = statement(
  'origins',
  `select source, sequence from telemetry.origin where partition = $1 and source > $2 order by source limit ${stepRows}`,
)
const utf8 = new TextDecoder()

/** Fills telemetry from the shelf. */
export async function loadTelemetry(pool: Pool, partition: number, telemetry: Telemetry): Promise<void> {
  for (let after = -1, rows: Row[] = [[]]; rows.length > 0; after = Number(rows.at(-1)?.[0])) {
    rows = await query(pool, tags, [partition, after])
    for (const row of rows) addTag(telemetry, row)
  }
  for (let after = '', rows: Row[] = [[]]; rows.length > 0; after = String(rows.at(-1)?.[0])) {
    rows = await query(pool, origins, [partition, after])
    for (const [source, sequence] of rows) telemetry.origins.set(source as string, sequence as number)
  }
}

/** Adds a tag as it was sealed, given as `tagColumns`. */
export function addTag(telemetry: Telemetry, row: Row): Series {
  const [id, path, kind, time, value, quality, text, keptFrom] = row as [
    number,
    string,
    Series['kind'],
    number | null,
    Uint8Array,
    number,
    Uint8Array,
    number | null,
  ]
  const series = telemetry.addTag(path, kind, id)
  series.keptFrom = keptFrom ?? -Infinity
  if (time === null) return series
  series.latestTime = series.sealedEnd = time
  series.latestValue = float64s(value)[0] as number
  series.latestQuality = quality
  series.latestText = utf8.decode(text)
  return series
}

/** Reads the newest arrays of tags, as many as memory keeps. */
export async function loadArrays(shelf: ShelfReader, telemetry: Telemetry, all: Iterable<Series>): Promise<void> {
  let bytes = 0
  for (const series of all) {
    if (series.kind !== 'array' || !Number.isFinite(series.latestTime)) continue
    const frame = await shelf.newestArray(series.id, series.latestTime)
    if (frame?.time !== series.latestTime) continue
    telemetry.restoreArray(series, frame.time, { shape: frame.shape, data: frame.data })
    bytes += frame.data.byteLength
    if (bytes > latestArrayBytesMax) break
  }
}
