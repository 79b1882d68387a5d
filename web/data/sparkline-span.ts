// How much time a sparkline spans. Pure.

/** Most of it, and so much history is fetched. */
export const sparklineSpanMs = 10 * 60_000
const spanMinMs = 60_000

/** The span up to now: from the first point on, so that a young history is not squeezed into a corner. */
export const shownSpanMs = (firstMs: number, nowMs: number) => Math.min(sparklineSpanMs, Math.max(spanMinMs, nowMs - firstMs))
