// How much of an export has come: bytes, and rows where these are lines.
import type { ExportFormat } from '#api/export/schema.ts'
import { count, plural } from '#cli/output.ts'
import { formatSize } from '#core/size.ts'

const quote = 0x22
const lineEnd = 0x0a

export class Amount {
  bytes = 0
  /** Undefined for Parquet, whose rows show only at its end. */
  rows: number | undefined
  readonly #quotes: boolean
  #inQuotes = false

  constructor(format: ExportFormat) {
    // The heading of a CSV is no row; its quoted texts may have lines.
    this.rows = format === 'parquet' ? undefined : format === 'csv' ? -1 : 0
    this.#quotes = format === 'csv'
  }

  add(bytes: Uint8Array): void {
    this.bytes += bytes.length
    if (this.rows === undefined) return
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at]
      if (byte === lineEnd && !this.#inQuotes) this.rows++
      else if (byte === quote && this.#quotes) this.#inQuotes = !this.#inQuotes
    }
  }

  /** e.g. `1 204 rows, 85.2 kB`. */
  get text(): string {
    const size = formatSize(this.bytes)
    return this.rows === undefined ? size : `${plural(Math.max(this.rows, 0), 'row')}, ${size}`
  }
}

/** e.g. `1 204 rows, 85.2 kB  602 rows/s, 42.6 kB/s`. */
export function amountLine(amount: Amount, seconds: number): string {
  const perSecond = (number: number) => number / Math.max(seconds, 0.001)
  const rows = amount.rows === undefined ? '' : `${count(Math.round(perSecond(amount.rows)))} rows/s, `
  return `${amount.text}  ${rows}${formatSize(perSecond(amount.bytes))}/s`
}
