// A window of stored records around the one being looked at, so that one can walk through all records of a tag, page by page. Pure but
// for `read`, which asks the server.
import type { SampleJson } from '#api/schema.ts'
import { formatTime, parseTime } from '#core/time.ts'
import type { SamplesRequest } from './queries.ts'

export interface RecordWindow {
  /** Oldest first. */
  readonly records: readonly SampleJson[]
  /** The record looked at; -1 while there is none. */
  readonly index: number
  /** Where reading goes on after the newest record here: the server's cursor, or undefined to ask by time. */
  readonly after: string | undefined
  /** The same before the oldest record here; null when nothing is before it. */
  readonly before: string | null | undefined
}

export type ReadRecords = (asked: SamplesRequest) => Promise<{ samples: SampleJson[]; next: string | null }>

const pageSize = 100
/** Most records in the window; the far end is let go of. */
const windowMax = 1000

/** The window at the first record of all. */
export async function firstRecord(read: ReadRecords): Promise<RecordWindow> {
  const { samples, next } = await read({ order: 'asc', limit: pageSize })
  return { records: samples, index: samples.length > 0 ? 0 : -1, after: next ?? undefined, before: null }
}

/** The window at the newest record. */
export async function lastRecord(read: ReadRecords): Promise<RecordWindow> {
  const { samples, next } = await read({ order: 'desc', limit: pageSize })
  return { records: samples.toReversed(), index: samples.length - 1, after: undefined, before: next }
}

/** One record on; the same window when there is none yet. */
export async function nextRecord(window: RecordWindow, read: ReadRecords): Promise<RecordWindow> {
  if (window.index < window.records.length - 1) return { ...window, index: window.index + 1 }
  const newest = window.records.at(-1)
  if (!newest) return lastRecord(read)
  const { samples, next } = await read({ order: 'asc', limit: pageSize, from: shifted(newest.time, 1), ...cursor(window.after) })
  if (samples.length === 0) return window
  const records = [...window.records, ...samples]
  const dropped = Math.max(0, records.length - windowMax)
  return {
    records: records.slice(dropped),
    index: window.index + 1 - dropped,
    after: next ?? undefined,
    before: dropped > 0 ? undefined : window.before,
  }
}

/** One record back; the same window at the first of all. */
export async function previousRecord(window: RecordWindow, read: ReadRecords): Promise<RecordWindow> {
  if (window.index > 0) return { ...window, index: window.index - 1 }
  const oldest = window.records[0]
  if (!oldest || window.before === null) return window
  const { samples, next } = await read({ order: 'desc', limit: pageSize, to: oldest.time, ...cursor(window.before) })
  const records = [...samples.toReversed(), ...window.records]
  return {
    records: records.slice(0, windowMax),
    index: Math.max(0, samples.length - 1),
    after: records.length > windowMax ? undefined : window.after,
    before: next,
  }
}

const cursor = (given: string | undefined) => (given === undefined ? {} : { cursor: given })
const shifted = (time: string, byUs: number) => formatTime((parseTime(time) ?? 0) + byUs)
