// What memory knows from the start: tags with their newest samples, the newest sequence of every source, and what is counted.
import type { DatabaseSync } from 'node:sqlite'
import type { Telemetry } from '#store/engine/telemetry.ts'
import type { Series } from '#store/engine/series.ts'
import type { Totals } from '#store/engine/shelf.ts'

/** Fills telemetry from the database; returns the totals, and the last log segment that is sealed. */
export function loadShelf(connection: DatabaseSync, telemetry: Telemetry): Totals & { segment: number } {
  for (const row of connection.prepare('select * from tag order by id').iterate()) {
    const { id, path, kind, latest_time, latest_value, latest_quality, latest_text, kept_from } = row as unknown as TagRow
    const series = telemetry.addTag(path, kind, id)
    series.keptFrom = kept_from ?? -Infinity
    if (latest_time === null) continue
    series.latestTime = series.sealedEnd = latest_time
    series.latestValue = new Float64Array(latest_value.slice().buffer)[0] as number
    series.latestQuality = latest_quality
    series.latestText = latest_text
  }
  for (const row of connection.prepare('select source, sequence from origin').iterate())
    telemetry.origins.set(row['source'] as string, row['sequence'] as number)
  const meta = (name: string) => Number(connection.prepare('select value from meta where name = ?').get(name)?.['value'] ?? 0)
  const totals = { samples: meta('samples'), replaced: meta('replaced'), expired: meta('expired') }
  Object.assign(telemetry, totals)
  return { ...totals, segment: meta('segment') }
}

interface TagRow {
  id: number
  path: string
  kind: Series['kind']
  latest_time: number | null
  latest_value: Uint8Array
  latest_quality: number
  latest_text: string
  kept_from: number | null
}
