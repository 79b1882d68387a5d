// What a bucket needs to know of a chunk without decoding it. Only usable rows count: those with a value and no bad quality.
import { isBad } from '#core/quality.ts'
import type { Rows } from './rows.ts'

export interface ChunkStatistics {
  /** Usable rows; the rest is meaningless when it is 0. */
  readonly usable: number
  readonly min: number
  readonly max: number
  readonly sum: number
  readonly first: number
  readonly last: number
}

export function chunkStatistics({ count, value, quality }: Rows): ChunkStatistics {
  let usable = 0
  let min = Infinity
  let max = -Infinity
  let sum = 0
  let first = Number.NaN
  let last = Number.NaN
  for (let row = 0; row < count; row++) {
    const x = value[row] as number
    if (Number.isNaN(x) || isBad(quality[row] as number)) continue
    if (usable === 0) first = x
    usable++
    sum += x
    if (x < min) min = x
    if (x > max) max = x
    last = x
  }
  return { usable, min, max, sum, first, last }
}

/** As bytes, because a database keeps neither NaN nor -0: usable, min, max, sum, first, last as float64. */
export function encodeStatistics({ usable, min, max, sum, first, last }: ChunkStatistics): Uint8Array {
  return new Uint8Array(Float64Array.of(usable, min, max, sum, first, last).buffer)
}

export function decodeStatistics(bytes: Uint8Array): ChunkStatistics {
  const [usable = 0, min = 0, max = 0, sum = 0, first = 0, last = 0] = new Float64Array(bytes.slice().buffer)
  return { usable, min, max, sum, first, last }
}
