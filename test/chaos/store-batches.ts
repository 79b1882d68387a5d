// The batches of the store's crash test, computed from their number, so that writer and judge agree without talking.
import { batchOf, type Batch, type Value } from '#core/batch.ts'
import type { Kind } from '#core/tag.ts'

export const crashSource = 'crash-test'
const rowsPerBatch = 200
/** Every eighth row is late by so many batches, so that sealed chunks, and days that are rolled up, change too. */
const lateBatches = 40
/** Time from one batch to the next, and between its rows: ten minutes, two seconds. */
const batchUs = 600_000_000
const rowUs = 2_000_000

export interface CrashRow {
  readonly tag: string
  readonly kind: Kind
  readonly time: number
  readonly value: Value
}

/** Rows of one batch; no two batches share a tag and time. */
export function crashRows(sequence: number): CrashRow[] {
  const rows: CrashRow[] = Array.from({ length: rowsPerBatch }, (_, index) => {
    const slot = index % 8 === 0 ? Math.max(0, sequence - lateBatches) : sequence
    // Late rows have odd times, others even ones.
    const time = slot * batchUs + index * rowUs + (index % 8 === 0 ? 1 + 2 * (sequence % 400) : 0)
    const text = index % 10 === 9
    return text
      ? { tag: 'm/state', kind: 'text', time, value: `state ${sequence % 7}` }
      : { tag: `m/tag-${index % 10}`, kind: 'number', time, value: sequence + index / 1000 }
  })
  rows.push({ tag: 'm/field', kind: 'array', time: sequence, value: { shape: [4, 4], data: new Float32Array(16).fill(sequence) } })
  return rows
}

export const crashBatch = (sequence: number): Batch => batchOf(crashRows(sequence))
