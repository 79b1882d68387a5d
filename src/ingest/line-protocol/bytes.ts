// What bytes of line protocol mean. Functions only: V8 looks an imported constant up each time, and inlines an imported function.

export const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39

/** Comma, space and the ends of lines: what ends a value. */
export const isDelimiter = (byte: number): boolean => byte === 0x2c || byte === 0x20 || byte === 0x0a || byte === 0x0d

/** The number that four digits make, given as a little-endian word and read all at once, or -1 where they are not four digits. */
export function fourDigits(word: number): number {
  if (((word & 0xf0f0f0f0) | (((word + 0x06060606) & 0xf0f0f0f0) >>> 4)) !== 0x33333333) return -1
  const digits = word & 0x0f0f0f0f
  const pairs = (digits * 10 + (digits >>> 8)) & 0x00ff00ff
  return (pairs * 100 + (pairs >>> 16)) & 0xffff
}
