// How far an import is, as a line with a bar.
import { count } from '#cli/output.ts'

const barWidth = 24

export interface ProgressState {
  readonly rows: number
  readonly accepted: number
  readonly bytes: number
  readonly bytesTotal: number | undefined
}

/** e.g. `[======>     ]  52 %  1 204 rows  9 632 samples  4 816 samples/s  0:02 left`. */
export function progressLine({ rows, accepted, bytes, bytesTotal }: ProgressState, seconds: number): string {
  const parts = [`${count(rows)} rows`, `${count(accepted)} samples`, `${count(Math.round(accepted / Math.max(seconds, 0.001)))} samples/s`]
  if (bytesTotal === undefined || bytesTotal === 0) return parts.join('  ')
  const done = Math.min(bytes / bytesTotal, 1)
  const filled = Math.round(done * barWidth)
  const bar = `[${'='.repeat(filled)}${' '.repeat(barWidth - filled)}]`
  const percent = `${Math.floor(done * 100)} %`.padStart(5)
  const leftSeconds = Math.ceil(done > 0 ? (seconds * (1 - done)) / done : 0)
  const left = `${Math.floor(leftSeconds / 60)}:${String(leftSeconds % 60).padStart(2, '0')} left`
  return [bar, percent, ...parts, left].join('  ')
}
