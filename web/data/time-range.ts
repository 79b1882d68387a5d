// The range a trend shows, as the address of the page says it, so that a view can be sent to a colleague and the back key works.

export const presets = {
  live: { label: 'Live', spanMs: 5 * 60_000, refetchMs: 0 },
  '1h': { label: '1 h', spanMs: 3_600_000, refetchMs: 10_000 },
  '24h': { label: '24 h', spanMs: 86_400_000, refetchMs: 60_000 },
  '7d': { label: '7 d', spanMs: 7 * 86_400_000, refetchMs: 300_000 },
} as const
export type Preset = keyof typeof presets

/** Milliseconds; a preset's range ends now. `all`: from the first sample to the newest, as of when it was asked. */
export type TimeRange = { readonly preset: Preset } | { readonly from: number; readonly to: number; readonly all?: true }

export const isAll = (range: TimeRange) => !('preset' in range) && range.all === true
export const isOwn = (range: TimeRange) => !('preset' in range) && !isAll(range)

/** A wish for a range, as made by the controls. */
export type WantedRange = TimeRange | 'all'

export interface TrendSearch {
  range?: Preset | 'all'
  /** ISO 8601; an own range, stronger than `range`. */
  from?: string
  to?: string
  /** Names of the shown tags within the machine. */
  tags?: string[]
}

/** Most lines in one chart. */
export const linesMax = 8

/** What of a page's query is usable; the rest is left out. */
export function readTrendSearch(search: Record<string, unknown>): TrendSearch {
  const { range, from, to, tags } = search
  return {
    ...(typeof range === 'string' && (range === 'all' || Object.hasOwn(presets, range)) ? { range: range as Preset | 'all' } : {}),
    ...(typeof from === 'string' && typeof to === 'string' && Date.parse(from) < Date.parse(to) ? { from, to } : {}),
    ...(Array.isArray(tags) ? { tags: tags.filter((tag) => typeof tag === 'string').slice(0, linesMax) } : {}),
  }
}

/** What is wanted of an address; an own range is stronger than the others. */
export function wantedRange({ range, from, to }: TrendSearch): WantedRange {
  if (from !== undefined && to !== undefined) return { from: Date.parse(from), to: Date.parse(to) }
  return range === 'all' ? 'all' : { preset: range ?? 'live' }
}

const nearSpanMinMs = 60_000

/** Where the newest value, at `newestMs`, can be seen: live while that reaches so far back, else as long a range that ends with it. */
export function rangeAtNewest(range: TimeRange, newestMs: number, nowMs: number): TimeRange {
  if (newestMs > nowMs - presets.live.spanMs) return { preset: 'live' }
  const { from, to } = boundsOf(range, nowMs)
  return { from: Math.floor(newestMs - Math.max(to - from, nearSpanMinMs)), to: Math.floor(newestMs) + 1 }
}

/** The range in milliseconds, as of now. */
export function boundsOf(range: TimeRange, nowMs: number): { from: number; to: number } {
  return 'preset' in range ? { from: nowMs - presets[range.preset].spanMs, to: nowMs } : range
}
