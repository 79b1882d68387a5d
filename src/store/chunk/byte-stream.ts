// Bytes written and read field after field. Numbers take as many bytes as they need, so that what describes a short column stays short.

const firstCapacity = 4096
/** A varint of 53 bits. */
const varintBytesMax = 8

export class ByteWriter {
  /** Where the next byte goes. */
  at = 0
  #bytes = new Uint8Array(firstCapacity)
  #view = new DataView(this.#bytes.buffer)

  /** The bytes, with room for `length` more, which are zero. */
  room(length: number): DataView {
    if (this.at + length > this.#bytes.length) {
      const grown = new Uint8Array(2 * (this.at + length))
      grown.set(this.#bytes)
      this.#bytes = grown
      this.#view = new DataView(grown.buffer)
    }
    return this.#view
  }

  byte(x: number): void {
    this.room(1).setUint8(this.at++, x)
  }

  /** A whole number from 0 to 2^53, seven bits per byte, low ones first; the top bit says that more follow. */
  varint(x: number): void {
    for (; x >= 128; x = Math.floor(x / 128)) this.byte((x % 128) | 128)
    this.byte(x)
  }

  /** A whole number within ±2^53: as a varint, but the first byte holds the sign in its second bit and six bits of the number. */
  signed(x: number): void {
    const size = Math.abs(x)
    const rest = Math.floor(size / 64)
    this.byte((size % 64) | (x < 0 ? 64 : 0) | (rest > 0 ? 128 : 0))
    if (rest > 0) this.varint(rest)
  }

  float(x: number): void {
    this.room(8).setFloat64(this.at, x, true)
    this.at += 8
  }

  append(bytes: Uint8Array): void {
    this.room(bytes.length)
    this.#bytes.set(bytes, this.at)
    this.at += bytes.length
  }

  /** All bytes so far. */
  bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.at)
  }
}

/** Reading beyond the end throws a RangeError. */
export class ByteReader {
  readonly bytes: Uint8Array
  readonly view: DataView
  /** Where the next byte is. */
  at: number

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.at = at
  }

  byte(): number {
    return this.view.getUint8(this.at++)
  }

  varint(): number {
    let x = 0
    let scale = 1
    for (let index = 0; index < varintBytesMax; index++, scale *= 128) {
      const byte = this.byte()
      x += (byte & 127) * scale
      if (byte < 128) return x
    }
    throw new RangeError('a number is too long')
  }

  signed(): number {
    const byte = this.byte()
    const size = (byte & 63) + (byte & 128 ? this.varint() * 64 : 0)
    return byte & 64 ? -size : size
  }

  float(): number {
    this.at += 8
    return this.view.getFloat64(this.at - 8, true)
  }

  /** The next bytes, as a view. */
  take(length: number): Uint8Array {
    if (this.at + length > this.bytes.length) throw new RangeError('the bytes end early')
    this.at += length
    return this.bytes.subarray(this.at - length, this.at)
  }
}
