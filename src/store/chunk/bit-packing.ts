// Bit packing in blocks of 128: each block is one word with its width, then its integers at that width.

const blockRows = 128

/** Most words that `packIntegers` needs for `count` integers. */
export const packedWordsMax = (count: number): number => count + Math.ceil(count / blockRows) + 1

/** Packs unsigned 32-bit integers into `words` from `at` on; returns the index behind them. */
export function packIntegers(integers: Uint32Array, count: number, words: Uint32Array, at: number): number {
  for (let block = 0; block < count; block += blockRows) {
    const end = Math.min(block + blockRows, count)
    let union = 0
    for (let index = block; index < end; index++) union |= integers[index] as number
    const width = 32 - Math.clz32(union)
    words[at++] = width
    if (width === 0) continue
    let word = 0
    let bits = 0
    for (let index = block; index < end; index++) {
      const integer = integers[index] as number
      word |= integer << bits
      bits += width
      if (bits >= 32) {
        words[at++] = word
        bits -= 32
        word = bits === 0 ? 0 : integer >>> (width - bits)
      }
    }
    if (bits > 0) words[at++] = word
  }
  return at
}

/** Reads back what `packIntegers` wrote; returns the index behind it. */
export function unpackIntegers(words: Uint32Array, at: number, count: number, integers: Uint32Array): number {
  for (let block = 0; block < count; block += blockRows) {
    const end = Math.min(block + blockRows, count)
    const width = words[at++] as number
    if (width === 0) {
      integers.fill(0, block, end)
      continue
    }
    const mask = width === 32 ? -1 : (1 << width) - 1
    let word = words[at] as number
    let bits = 0
    for (let index = block; index < end; index++) {
      let integer = word >>> bits
      const used = bits + width
      if (used >= 32) {
        word = words[++at] as number
        bits = used - 32
        if (bits > 0) integer |= word << (width - bits)
      } else bits = used
      integers[index] = integer & mask
    }
    if (bits > 0) at++
  }
  return at
}
