// The chunks of a tag: each can be read and is what the index says of it, and none reaches into another.
import { messageOf } from '#core/errors.ts'
import { formatTime } from '#core/time.ts'
import { decodeChunk } from '#store/chunk/chunk-codec.ts'
import type { Rows } from '#store/chunk/rows.ts'
import type { Chunk } from '#store/engine/shelf.ts'
import { hourlySummaries } from '#store/rollup/summary-table.ts'
import { byRepair, fromBackup, type CheckedTag, type Checking, type Finding, type Span } from './checking.ts'
import { sameSummaries } from './same-summaries.ts'

export interface CheckedChunks {
  /** The newest readable rows. */
  readonly newest: Rows | undefined
  /** Where rows are missing, because they cannot be read. */
  readonly gaps: readonly Span[]
}

export async function checkChunks({ connection, found, step }: Checking, { id, path, kind }: CheckedTag): Promise<CheckedChunks> {
  const gaps: Span[] = []
  let newest: Rows | undefined
  let end = -Infinity
  const statement = connection.prepare(
    'select start, end, count, summaries, data, bytes from chunk left join chunk_data on id = data where tag = ? order by start',
  )
  for (const row of statement.iterate(id)) {
    const { summaries, bytes, ...index } = row as unknown as StoredChunk
    const chunk: Chunk = { tag: id, ...index, summaries: summaries ? new Float64Array(summaries.slice().buffer) : undefined }
    const name = `a chunk of ${chunk.count} samples of ${path} from ${formatTime(chunk.start)} to ${formatTime(chunk.end)}`
    if (chunk.start <= end) found({ text: `${name} reaches into the one before it`, mend: fromBackup })
    end = Math.max(end, chunk.end)
    const rows = readable(bytes)
    if (typeof rows === 'string') {
      gaps.push({ start: chunk.start, end: chunk.end })
      found({
        text: `${name} cannot be read (${rows})`,
        mend: `${fromBackup}; --repair moves it aside`,
        repair: (shelf) => shelf.quarantine(chunk),
      })
    } else {
      newest = rows
      const fault = faultOf(chunk, rows, kind === 'text')
      if (fault) found(rewritten(`${name} ${fault}`, chunk, rows, kind === 'text'))
    }
    await step()
  }
  return { newest, gaps }
}

interface StoredChunk extends Omit<Chunk, 'tag' | 'summaries'> {
  readonly summaries: Uint8Array | null
  readonly bytes: Uint8Array | null
}

/** The rows, or why there are none. */
function readable(bytes: Uint8Array | null): Rows | string {
  if (!bytes) return 'its content is missing'
  try {
    return decodeChunk(bytes)
  } catch (error) {
    return messageOf(error)
  }
}

function faultOf({ start, end, count, summaries }: Chunk, rows: Rows, isText: boolean): string | undefined {
  const { time } = rows
  if (rows.count !== count) return `has ${rows.count}`
  if (time[0] !== start || time[count - 1] !== end)
    return `has some from ${formatTime(time[0] as number)} to ${formatTime(time[count - 1] as number)}`
  for (let row = 1; row < count; row++) if (!((time[row - 1] as number) < (time[row] as number))) return 'has times that do not ascend'
  if (!summaries) return undefined
  const expected = isText ? undefined : hourlySummaries(rows)
  return expected && sameSummaries(summaries, expected) ? undefined : 'has summaries that are not those of its samples'
}

/** What the chunk itself says is right: it has a checksum. */
function rewritten(text: string, chunk: Chunk, rows: Rows, isText: boolean): Finding {
  if (/do not ascend/.test(text)) return { text, mend: fromBackup }
  return {
    text,
    mend: byRepair,
    repair(shelf) {
      shelf.deleteChunk(chunk)
      shelf.insertChunk(chunk.tag, rows, isText ? undefined : hourlySummaries(rows))
    },
  }
}
