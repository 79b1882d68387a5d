// How telemetry enters the server, whatever the way in: the contract between those who receive it and ingest.
import type { AppendResult, Delivery } from './store.ts'
import type { Micros } from './time.ts'

/** The ways in: batch frames, JSON and line protocol over HTTP, and the outboxes of gateways. */
export const waysIn = ['frame', 'json', 'line', 'gateway'] as const
export type WayIn = (typeof waysIn)[number]

/** Most refused rows, and faulty lines, that are named one by one; the rest is counted. */
export const refusalsMax = 100_000
export const lineFaultsMax = 1000

export interface Refusal {
  readonly row: number
  readonly reason: string
}

/** What became of rows: stored + duplicates + expired + refused of them. */
export interface Receipt extends AppendResult {
  readonly refused: number
  /** The first of them; rows are counted through all deliveries. */
  readonly refusals: readonly Refusal[]
}

/**
 * Stores deliveries, all or none, but for rows that are refused by themselves; resolves after the durable commit.
 * `refusedBefore` are samples that came along and did not even become rows: they count as refused.
 */
export type Accept = (deliveries: readonly Delivery[], way: WayIn, refusedBefore?: number) => Promise<Receipt>

/** Hears of everything that was taken in, after its durable commit, and how long that took. */
export type Taken = (way: WayIn, result: AppendResult & { readonly refused: number }, seconds: number) => void

/** How a line's time is to be read. */
export interface LineTimes {
  /** Length of one unit; 0.001 for nanoseconds, of which the last three digits are cut. */
  readonly unitUs: number
  /** The time of lines without one. */
  readonly arrival: Micros
}

export interface LineFault {
  /** Counted from 1. */
  readonly line: number
  readonly reason: string
}

export interface LineReceipt extends AppendResult {
  /** Lines that could not be read, and values that were refused. */
  readonly refused: number
  /** The first of them, by line. */
  readonly faults: readonly LineFault[]
}

/** Stores the lines of a body of Influx line protocol; a line that cannot be read costs nothing but itself. */
export type AcceptLines = (body: Uint8Array, times: LineTimes) => Promise<LineReceipt>
