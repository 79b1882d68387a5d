// How far something is: a line that redraws itself on a terminal, one now and then elsewhere.

const redrawMs = { terminal: 100, elsewhere: 10_000 }

export interface Progress<State> {
  /** Cheap: draws only when it is time. */
  update(state: State): void
  /** Removes the line, so that others can be printed. */
  clear(): void
}

/** `lineOf` gets the seconds since the beginning, too. */
export function progressOn<State>(
  stream: NodeJS.WriteStream,
  lineOf: (state: State, seconds: number) => string,
  nowMs: () => number = () => performance.now(),
): Progress<State> {
  const startMs = nowMs()
  let drawnMs = startMs
  let drawn = false
  return {
    update(state) {
      const now = nowMs()
      if (now - drawnMs < (stream.isTTY ? redrawMs.terminal : redrawMs.elsewhere)) return
      drawnMs = now
      const line = lineOf(state, (now - startMs) / 1000)
      stream.write(stream.isTTY ? `\r\u001B[K${line.slice(0, (stream.columns ?? 80) - 1)}` : `${line}\n`)
      drawn = true
    },
    clear() {
      if (drawn && stream.isTTY) stream.write('\r\u001B[K')
      drawn = false
    },
  }
}
