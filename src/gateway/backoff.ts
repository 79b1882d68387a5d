// How long to wait before the next try: doubling from the first to the longest, with jitter so that many do not come at once.

export interface BackoffOptions {
  readonly firstMs: number
  readonly longestMs: number
  /** A number from 0 to below 1. */
  readonly random: () => number
}

/** The delay before try `failures` (1 after the first failure): between half and all of the doubled delay. */
export function backoffMs(failures: number, { firstMs, longestMs, random }: BackoffOptions): number {
  const full = Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, 30))
  return Math.round(full * (0.5 + random() / 2))
}
