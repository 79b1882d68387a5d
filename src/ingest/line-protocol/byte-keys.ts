// A table from keys that are bytes in some body to small whole numbers: no string is made to look one up.
// A key belongs to an owner, another key's number or -1, so that the fields of a series are told apart from those of others.

/** A hash that nobody outside can aim at. */
const seed = (Math.random() * 0x7fffffff) | 0

/** Hashes byte by byte (FNV-1a): begin with `hashOf(owner)`, then `hashed(hash, byte)` for each. */
export const hashOf = (owner: number): number => Math.imul(seed ^ owner, 0x01000193)
export const hashed = (hash: number, byte: number): number => Math.imul(hash ^ byte, 0x01000193)

export class ByteKeys {
  /** Key number + 1 per slot, 0: free. Twice as many slots as keys, so that a search is short. */
  #slots = new Int32Array(1 << 10)
  #hashes = new Int32Array(1 << 9)
  #owners = new Int32Array(1 << 9)
  #starts = new Uint32Array(1 << 9)
  #ends = new Uint32Array(1 << 9)
  #bytes = new Uint8Array(1 << 14)
  #count = 0

  get count(): number {
    return this.#count
  }

  /** Bytes that the keys take. */
  get size(): number {
    return this.#count === 0 ? 0 : (this.#ends[this.#count - 1] as number)
  }

  /** The number of a key, or -1. */
  find(bytes: Uint8Array, start: number, end: number, hash: number, owner: number): number {
    const slots = this.#slots
    const mask = slots.length - 1
    for (let slot = spread(hash) & mask; ; slot = (slot + 1) & mask) {
      const key = (slots[slot] as number) - 1
      if (key < 0) return -1
      if (this.#hashes[key] === hash && this.#owners[key] === owner && this.#equals(key, bytes, start, end)) return key
    }
  }

  /** Adds a key that is not there and returns its number: 0, 1, 2 … */
  add(bytes: Uint8Array, start: number, end: number, hash: number, owner: number): number {
    const key = this.#count++
    const at = key === 0 ? 0 : (this.#ends[key - 1] as number)
    if (key === this.#hashes.length) this.#growKeys()
    while (at + end - start > this.#bytes.length) this.#bytes = grown(this.#bytes)
    this.#bytes.set(bytes.subarray(start, end), at)
    this.#hashes[key] = hash
    this.#owners[key] = owner
    this.#starts[key] = at
    this.#ends[key] = at + end - start
    this.#place(key)
    return key
  }

  clear(): void {
    this.#slots.fill(0)
    this.#count = 0
  }

  #equals(key: number, bytes: Uint8Array, start: number, end: number): boolean {
    const own = this.#bytes
    let at = this.#starts[key] as number
    if ((this.#ends[key] as number) - at !== end - start) return false
    for (let i = start; i < end; i++) if (own[at++] !== bytes[i]) return false
    return true
  }

  #place(key: number): void {
    const mask = this.#slots.length - 1
    let slot = spread(this.#hashes[key] as number) & mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
    this.#slots[slot] = key + 1
  }

  #growKeys(): void {
    this.#hashes = grown(this.#hashes)
    this.#owners = grown(this.#owners)
    this.#starts = grown(this.#starts)
    this.#ends = grown(this.#ends)
    this.#slots = new Int32Array(this.#slots.length * 2)
    for (let key = 0; key < this.#count - 1; key++) this.#place(key)
  }
}

/** FNV leaves the high bits better mixed than the low ones. */
const spread = (hash: number) => hash ^ (hash >>> 15)

/** A copy of twice the length. */
export function grown<Column extends Uint8Array | Uint32Array | Int32Array | Float64Array>(column: Column): Column {
  const longer = new (column.constructor as new (length: number) => Column)(column.length * 2)
  longer.set(column)
  return longer
}
