// What one query may cost. Hitting a bound is a plain refusal, never a slow server.
export const limits = {
  /** Points of a series in an answer; Prometheus' own limit. */
  pointsPerSeriesMax: 11_000,
  /** Series that one selector may find. */
  seriesMax: 10_000,
  /** Samples read from the store, over the whole query. */
  samplesMax: 100_000_000,
  /** Samples of a series read at once: longer ranges are read page by page, so that memory does not grow with them. */
  samplesPerPage: 500_000,
  /** Samples within one window of a range vector: they are in memory at once. */
  windowSamplesMax: 5_000_000,
  /** Values computed on the way: series × points, over all parts of the query. */
  valuesMax: 20_000_000,
  /** Queries evaluated side by side, and those that wait for their turn. */
  queriesMax: 4,
  waitingMax: 1000,
  /** From the question to the answer. */
  timeLimitMs: 30_000,
}
export type Limits = Readonly<typeof limits>
