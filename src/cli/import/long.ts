// Tables in long form, as `export` writes them: each row is one sample, of a tag that the row itself names.
import { crc32 } from 'node:zlib'
import { batchResultSchema } from '#api/batches/schema.ts'
import { arrayValueSchema } from '#api/schema.ts'
import { BatchBuilder, textLengthMax, type Value } from '#core/batch.ts'
import { ConfigError } from '#core/errors.ts'
import { encodeFrame } from '#core/frame.ts'
import { tagPathFault } from '#core/path.ts'
import { isBad, qualities, qualityOf } from '#core/quality.ts'
import { kinds, type Kind } from '#core/tag.ts'
import { parseTime } from '#core/time.ts'
import { textOfCell } from '#reports/csv.ts'
import { callServer } from '#cli/server.ts'
import { readBoolean, readNumber } from './cells.ts'
import type { PostedSample, RowResult } from './rows.ts'
import type { PostResult } from './upload.ts'

const needed = ['tag', 'time', 'value']
const known = new Set([...needed, 'quality', 'unit', 'kind'])

/** Returns the reader of rows; without a column `kind` all are numbers. Throws `ConfigError` when the columns are others. */
export function longReader(header: readonly string[]): (fields: readonly string[]) => RowResult {
  const names = header.map((name) => name.trim())
  if (!needed.every((name) => names.includes(name)) || !names.every((name) => known.has(name)))
    throw new ConfigError(
      `--machine says where the samples go, e.g. --machine site/area/line/machine; only a table with the columns tag, time and value, as "millwright export" writes it, names its tags itself, and this one has: ${names.join(', ')}`,
    )
  const cellOf = (fields: readonly string[], name: string) => fields[names.indexOf(name)]
  return (fields) => {
    if (fields.length !== names.length) return lost(`the row has ${fields.length} fields, the file ${names.length} columns`)
    const [tag = '', time = '', cell = ''] = needed.map((name) => cellOf(fields, name))
    const path = textOfCell(tag)
    const fault = tagPathFault(path) ?? (parseTime(time) === undefined ? `"${time}" is no time such as 2026-01-31T12:00:00Z` : undefined)
    if (fault !== undefined) return lost(fault)
    const kind = kinds.find((kind) => kind === (cellOf(fields, 'kind') ?? 'number'))
    if (!kind) return lost(`"${cellOf(fields, 'kind')}" is no kind; write ${kinds.join(', ')}`)
    const quality = cellOf(fields, 'quality') || (cell === '' ? 'bad' : 'good')
    const code = qualityOf(quality)
    if (code === undefined) return lost(`"${quality}" is no quality; docs/reference/qualities.md lists them`)
    const value = valueOf(cell, kind, isBad(code))
    if (value === undefined) return lost(`"${cell.slice(0, 100)}" is no ${kind}`)
    return { samples: [{ tag: path, time, value, quality, kind }], faults: [], timeRepeated: false }
  }
}

const lost = (reason: string): RowResult => ({ samples: [], faults: [reason], timeRepeated: false })

/** An empty cell has no value; only of a text that is not bad it is the empty one. */
function valueOf(cell: string, kind: Kind, bad: boolean): PostedSample['value'] | undefined {
  if (cell === '' && (kind !== 'text' || bad)) return null
  if (kind === 'number') return readNumber(cell, '.')
  if (kind === 'boolean') return readBoolean(cell)
  if (kind === 'array') return arrayOf(cell)
  return cell.length <= textLengthMax ? textOfCell(cell) : undefined
}

function arrayOf(cell: string): PostedSample['value'] | undefined {
  try {
    return arrayValueSchema.parse(JSON.parse(cell))
  } catch {
    return undefined
  }
}

/** Posts samples as a batch frame, which says the kind of what has no value, too. */
export async function postFrame(server: string, samples: readonly PostedSample[], signal: AbortSignal): Promise<PostResult> {
  const builder = new BatchBuilder(samples.length)
  const indexOfRow: number[] = []
  const rejected: PostResult['rejected'] = []
  samples.forEach(({ tag, time = '', value: given, quality = 'good', kind = 'number' }, index) => {
    const before = builder.kindOfTag(tag)
    if (before !== undefined && before !== kind) {
      rejected.push({ index, reason: `tag "${tag}" is of kind ${before}, this value is of kind ${kind}` })
      return
    }
    const value: Value = typeof given === 'object' && given ? { shape: given.shape, data: Float32Array.from(given.data) } : given
    builder.addValue(tag, kind, parseTime(time) ?? 0, value, qualityOf(quality) ?? qualities.bad.code)
    indexOfRow.push(index)
  })
  const body = encodeFrame(builder.build(), crc32)
  const answer = await callServer(server, 'batches', batchResultSchema, { body, signal })
  for (const { row, reason } of answer.rejected) rejected.push({ index: indexOfRow[row] ?? 0, reason })
  return { accepted: indexOfRow.length - answer.rejectedCount, rejected }
}
