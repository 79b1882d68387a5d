// What memory holds of a tag as bytes, for the answer of its owner to another process: u32 length of the head, the head as JSON, a frame
// (docs/specs/batch.md) with the rows. An array tag's rows are followed by their statistics, as tags of these names; only the newest array is whole.
import { crc32 } from 'node:zlib'
import { z } from 'zod'
import type { ArrayValue } from '#core/array.ts'
import type { Batch } from '#core/batch.ts'
import { Rejected } from '#core/errors.ts'
import { decodeFrame, encodeFrame } from '#core/frame.ts'
import { kinds, type Kind } from '#core/tag.ts'
import { noRows, type Rows } from '#store/chunk/rows.ts'
import type { ArrayRow } from './shelf.ts'
import type { SourceCopy } from './source-copy.ts'

const statisticNames = ['min', 'max', 'mean', 'std'] as const
const lengthBytes = 4
/** JSON knows no infinity: null is a time before all others. */
const time = z
  .number()
  .nullable()
  .transform((value) => value ?? -Infinity)
const headSchema = z.strictObject({ id: z.int(), kind: z.enum(kinds), latestTime: time, sealedEnd: time, keptFrom: time })

export function encodeSource({ id, path, kind, latestTime, sealedEnd, keptFrom, rows, arrays }: SourceCopy): Uint8Array {
  const head = Buffer.from(JSON.stringify({ id, kind, latestTime, sealedEnd, keptFrom }))
  const frame = encodeFrame(kind === 'array' ? batchOfArrays(path, arrays) : batchOfRows(path, kind, rows), crc32)
  const length = Buffer.alloc(lengthBytes)
  length.writeUInt32LE(head.length)
  return Buffer.concat([length, head, frame])
}

/** Throws `Rejected` for anything else. */
export function decodeSource(bytes: Uint8Array): SourceCopy {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const end = bytes.length < lengthBytes ? Infinity : lengthBytes + view.readUInt32LE(0)
  if (end > bytes.length) throw new Rejected(`the copy of a tag ends after ${bytes.length} bytes, in the middle of its head`)
  const head = headSchema.safeParse(jsonOf(view.toString('utf8', lengthBytes, end)))
  if (!head.success) throw new Rejected(`the copy of a tag has a head that cannot be read: ${z.prettifyError(head.error)}`)
  const batch = decodeFrame(bytes.subarray(end), crc32)
  const isArray = head.data.kind === 'array'
  const { count, time, value, quality, texts } = batch
  return {
    ...head.data,
    path: batch.tags[0] ?? '',
    rows: isArray ? noRows : { count, time, value, quality, texts },
    arrays: isArray ? arraysOf(batch) : [],
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function batchOfRows(path: string, kind: Kind, { count, time, value, quality, texts }: Rows): Batch {
  return { tags: [path], kinds: [kind], count, tag: new Uint32Array(count), time, value, quality, texts, arrays: [] }
}

function batchOfArrays(path: string, rows: readonly ArrayRow[]): Batch {
  const [tag, time, value, quality]: [number[], number[], number[], number[]] = [[], [], [], []]
  const newest = rows.findLast((row) => row.value !== undefined)
  for (const row of rows) {
    const values = [row === newest ? 0 : Number.NaN, ...statisticNames.flatMap((name) => row.statistics?.[name] ?? [])]
    for (const [index, x] of values.entries()) {
      tag.push(index)
      time.push(row.time)
      value.push(x)
      quality.push(row.quality)
    }
  }
  return {
    tags: [path, ...statisticNames],
    kinds: ['array', ...statisticNames.map(() => 'number' as const)],
    count: tag.length,
    tag: Uint32Array.from(tag),
    time: Float64Array.from(time),
    value: Float64Array.from(value),
    quality: Uint8Array.from(quality),
    texts: [],
    arrays: newest?.value ? [newest.value] : [],
  }
}

function arraysOf({ count, tag, time, value, quality, arrays }: Batch): ArrayRow[] {
  const rows: ArrayRow[] = []
  for (let row = 0; row < count; row++) {
    if (tag[row] !== 0) continue
    const whole: ArrayValue | undefined = arrays[value[row] as number]
    const [min = 0, max = 0, mean = 0, std = 0] = value.subarray(row + 1, row + 1 + statisticNames.length)
    const statistics = tag[row + 1] === 1 ? { min, max, mean, std, hotSpotRow: 0, hotSpotColumn: 0 } : undefined
    rows.push({ time: time[row] as number, quality: quality[row] as number, value: whole, statistics })
  }
  return rows
}
