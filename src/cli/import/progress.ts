// How far an import is: a bar that redraws itself on a terminal, a line now and then elsewhere.
import { count } from '#cli/output.ts'

const barWidth = 24
const redrawMs = { terminal: 100, elsewhere: 10_000 }

export interface ProgressState {
  readonly rows: number
  readonly accepted: number
  readonly bytes: number
  readonly bytesTotal: number | undefined
}

export interface Progress {
  /** Cheap: draws only when it is time. */
  update(state: ProgressState): void
  /** Removes the bar, so that other lines can be printed. */
  clear(): void
}

export function progressOn(stream: NodeJS.WriteStream, nowMs: () => number = () => performance.now()): Progress {
  const startMs = nowMs()
  let drawnMs = startMs
  let drawn = false
  return {
    update(state) {
      const now = nowMs()
      if (now - drawnMs < (stream.isTTY ? redrawMs.terminal : redrawMs.elsewhere)) return
      drawnMs = now
      const line = progressLine(state, (now - startMs) / 1000)
      stream.write(stream.isTTY ? `\r\u001B[K${line.slice(0, (stream.columns ?? 80) - 1)}` : `${line}\n`)
      drawn = true
    },
    clear() {
      if (drawn && stream.isTTY) stream.write('\r\u001B[K')
      drawn = false
    },
  }
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
