// A table from keys that are bytes of some body to small whole numbers: no string is made to look one up.
// A key belongs to an owner, another key's number or -1, so that the fields of one series are told apart from those of others.
// Senders repeat themselves: which key came after which is remembered too, and what is expected need not even be searched for.

/** Differs from start to start, so that nobody outside can choose keys that collide. */
const seed = Math.trunc(Math.random() * 2 ** 31)
const wordBytes = 4

export class ByteKeys {
  #body: Uint8Array = new Uint8Array()
  #words: DataView = new DataView(new ArrayBuffer(0))
  /** Key number + 1 per slot, 0: free. Twice as many slots as keys, so that a search is short. */
  #slots = new Int32Array(1 << 10)
  #hashes = new Int32Array(1 << 9)
  #owners = new Int32Array(1 << 9)
  /** Where each key ends in the bytes of all keys, and the next begins. */
  #ends = new Uint32Array(1 << 9)
  /** Per key, the one that came after it last. */
  #after = new Int32Array(1 << 9)
  #last = 0
  #keys = new Uint8Array(1 << 14)
  #keyWords = new DataView(this.#keys.buffer)
  #count = 0

  get count(): number {
    return this.#count
  }

  /** Bytes that the keys take. */
  get size(): number {
    return this.#start(this.#count)
  }

  /** Says which body's bytes are meant from now on. */
  use(body: Uint8Array): void {
    this.#body = body
    this.#words = new DataView(body.buffer, body.byteOffset, body.byteLength)
  }

  /** Where a key ends that begins at `start`. */
  endOf(key: number, start: number): number {
    return start + (this.#ends[key] as number) - this.#start(key)
  }

  /** The key that came after the last one before, if it is here again, with `terminator` behind it; else -1. */
  expected(start: number, owner: number, terminator: number): number {
    const key = this.#after[this.#last] as number
    if (key >= this.#count || this.#owners[key] !== owner) return -1
    const end = this.endOf(key, start)
    if (end >= this.#body.length || this.#body[end] !== terminator || !this.#equals(key, start, end)) return -1
    this.#last = key
    return key
  }

  /** The number of a key, or -1. */
  find(start: number, end: number, owner: number): number {
    const key = this.#search(start, end, owner)
    if (key >= 0) this.#follow(key)
    return key
  }

  #search(start: number, end: number, owner: number): number {
    const hash = this.#hash(start, end, owner)
    const slots = this.#slots
    const mask = slots.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const key = (slots[slot] as number) - 1
      if (key < 0 || (this.#hashes[key] === hash && this.#owners[key] === owner && this.#equals(key, start, end))) return key
    }
  }

  /** Adds a key that is not there and returns its number: 0, 1, 2 … */
  add(start: number, end: number, owner: number): number {
    const key = this.#count
    if (key === this.#hashes.length) this.#growKeys()
    const at = this.#start(key)
    while (at + end - start > this.#keys.length) {
      this.#keys = grown(this.#keys)
      this.#keyWords = new DataView(this.#keys.buffer)
    }
    this.#keys.set(this.#body.subarray(start, end), at)
    this.#hashes[key] = this.#hash(start, end, owner)
    this.#owners[key] = owner
    this.#ends[key] = at + end - start
    this.#place(key)
    this.#follow(key)
    return this.#count++
  }

  clear(): void {
    this.#slots.fill(0)
    this.#count = 0
    this.#last = 0
  }

  #follow(key: number): void {
    this.#after[this.#last] = key
    this.#last = key
  }

  /** Word by word, each mixed well into the next (as in MurmurHash3's finish). */
  #hash(start: number, end: number, owner: number): number {
    let hash = seed ^ owner
    let at = start
    for (; at + wordBytes <= end; at += wordBytes) {
      hash = Math.imul(hash ^ this.#words.getInt32(at, true), 0x85ebca6b)
      hash ^= hash >>> 15
    }
    for (; at < end; at++) hash = Math.imul(hash ^ (this.#body[at] as number), 0xc2b2ae35)
    return hash ^ (hash >>> 16)
  }

  #equals(key: number, start: number, end: number): boolean {
    let own = this.#start(key)
    if ((this.#ends[key] as number) - own !== end - start) return false
    let at = start
    for (; at + wordBytes <= end; at += wordBytes, own += wordBytes)
      if (this.#words.getInt32(at, true) !== this.#keyWords.getInt32(own, true)) return false
    for (; at < end; at++, own++) if (this.#body[at] !== this.#keys[own]) return false
    return true
  }

  #start(key: number): number {
    return key === 0 ? 0 : (this.#ends[key - 1] as number)
  }

  #place(key: number): void {
    const mask = this.#slots.length - 1
    let slot = (this.#hashes[key] as number) & mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
    this.#slots[slot] = key + 1
  }

  #growKeys(): void {
    this.#hashes = grown(this.#hashes)
    this.#owners = grown(this.#owners)
    this.#ends = grown(this.#ends)
    this.#after = grown(this.#after)
    this.#slots = new Int32Array(this.#slots.length * 2)
    for (let key = 0; key < this.#count; key++) this.#place(key)
  }
}

/** A copy of twice the length. */
export function grown<Column extends Uint8Array | Uint32Array | Int32Array | Float64Array>(column: Column): Column {
  const longer = new (column.constructor as new (length: number) => Column)(column.length * 2)
  longer.set(column)
  return longer
}
