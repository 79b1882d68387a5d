// Few numbers that say what many measurements were like.

/** Three digits are what a measurement is worth; whole numbers keep theirs. */
export function round(figure: number): number {
  return Math.abs(figure) >= 1000 ? Math.round(figure) : Number(figure.toPrecision(3))
}

export function percentile(values: Iterable<number>, share: number): number {
  const sorted = Float64Array.from(values).toSorted()
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export const median = (values: Iterable<number>) => percentile(values, 0.5)
