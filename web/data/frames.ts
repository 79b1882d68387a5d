// Frames of array tags, fetched as binary and kept for a while, so that scrubbing back and forth is instant.
import { arrayStatistics, type ArrayStatistics } from '#core/array.ts'
import { apiUrl, request, RequestFailed } from './fetch.ts'

/** Most bytes of frames kept; the longest unused go first. */
const cacheBytesMax = 48 * 1024 * 1024

export interface Frame {
  readonly time: string
  readonly quality: string
  /** Rows and columns; a waveform has one row. */
  readonly rows: number
  readonly columns: number
  readonly data: Float32Array
  readonly statistics: ArrayStatistics
}

const cache = new Map<string, Frame>()
let cacheBytes = 0

/** The newest frame at or before `time` (ISO 8601), or the latest one. */
export async function fetchFrame(tag: string, time: string, signal?: AbortSignal): Promise<Frame> {
  const key = `${tag} ${time}`
  const kept = cache.get(key)
  if (kept) {
    cache.delete(key)
    cache.set(key, kept)
    return kept
  }
  const response = await request(apiUrl('arrays/at', { tag, time, format: 'binary' }), signal ? { signal } : {})
  const frame = readFrame(response.headers, await response.arrayBuffer())
  // The latest frame is another one a moment later; under its own time it stays valid.
  keep(`${tag} ${frame.time}`, frame)
  return frame
}

function keep(key: string, frame: Frame): void {
  if (cache.has(key)) return
  cache.set(key, frame)
  cacheBytes += frame.data.byteLength
  for (const [oldest, { data }] of cache) {
    if (cacheBytes <= cacheBytesMax) break
    cache.delete(oldest)
    cacheBytes -= data.byteLength
  }
}

/** Little-endian Float32 with shape, time and quality in the headers. */
export function readFrame(headers: Headers, body: ArrayBuffer): Frame {
  const shape = (headers.get('millwright-shape') ?? '').split('x').map(Number)
  const columns = shape.at(-1) ?? 0
  const rows = shape.length > 1 ? (shape[0] ?? 0) : 1
  const elements = rows * columns
  if (!(elements > 0) || body.byteLength !== elements * 4)
    throw new RequestFailed(`The frame says ${headers.get('millwright-shape') ?? 'no shape'} and has ${body.byteLength} bytes.`, 0)
  const view = new DataView(body)
  const data = Float32Array.from({ length: elements }, (_, i) => view.getFloat32(i * 4, true))
  return {
    time: headers.get('millwright-time') ?? '',
    quality: headers.get('millwright-quality') ?? 'bad',
    rows,
    columns,
    data,
    statistics: arrayStatistics({ shape: [rows, columns], data }),
  }
}
