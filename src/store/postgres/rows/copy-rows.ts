// Rows of `history.sample` in PostgreSQL's binary COPY format (its manual, COPY, "Binary Format"), in one buffer that is used again.
import type { Micros } from '#core/time.ts'

const header = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1')
const trailer = -1
/** PostgreSQL counts from 2000-01-01. */
const epoch: Micros = 946_684_800_000_000
const columns = 5
const noValue = -1
/** All but the text: column count, five lengths, tag, time, value, quality. */
const rowBytesMax = 2 + 5 * 4 + 4 + 8 + 8 + 2
const bytesAtFirst = 1 << 16

export class CopyRows {
  #bytes = Buffer.allocUnsafeSlow(bytesAtFirst)
  #view = new DataView(this.#bytes.buffer)
  #end = header.copy(this.#bytes)
  #count = 0

  get count(): number {
    return this.#count
  }

  get bytes(): number {
    return this.#end
  }

  /** Adds a row; NaN and undefined are null. Of a text, what PostgreSQL cannot hold (U+0000, half a surrogate pair) becomes U+FFFD. */
  add(tag: number, time: Micros, value: number, text: string | undefined, quality: number): void {
    // UTF-8 takes at most three bytes per UTF-16 unit.
    this.#reserve(rowBytesMax + 3 * (text?.length ?? 0))
    const view = this.#view
    let at = this.#end
    view.setInt16(at, columns)
    view.setInt32(at + 2, 4)
    view.setInt32(at + 6, tag)
    view.setInt32(at + 10, 8)
    const since2000 = time - epoch
    view.setInt32(at + 14, Math.floor(since2000 / 0x1_0000_0000))
    view.setUint32(at + 18, since2000 % 0x1_0000_0000)
    at += 22
    if (Number.isNaN(value)) {
      view.setInt32(at, noValue)
      at += 4
    } else {
      view.setInt32(at, 8)
      view.setFloat64(at + 4, value)
      at += 12
    }
    if (text === undefined) view.setInt32(at, noValue)
    else {
      const length = this.#bytes.write(text.includes('\0') ? text.replaceAll('\0', '\u{fffd}') : text, at + 4)
      view.setInt32(at, length)
      at += length
    }
    at += 4
    view.setInt32(at, 2)
    view.setInt16(at + 4, quality)
    this.#end = at + 6
    this.#count++
  }

  /** All rows as they go over the wire; valid until the next `add` or `clear`. */
  finish(): Buffer {
    this.#view.setInt16(this.#end, trailer)
    return this.#bytes.subarray(0, this.#end + 2)
  }

  clear(): void {
    this.#end = header.length
    this.#count = 0
  }

  #reserve(bytes: number): void {
    const needed = this.#end + bytes + 2
    if (needed <= this.#bytes.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2))
    this.#bytes.copy(grown, 0, 0, this.#end)
    this.#bytes = grown
    this.#view = new DataView(grown.buffer)
  }
}
