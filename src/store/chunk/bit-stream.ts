// Numbers of a few bits one after another without gaps, low bits first. Positions count bits.

/** Most bits that are written or read at once. */
export const bitsMax = 25
/** Bytes that must be there behind the last number. */
export const bitsMargin = 4

/** Writes a number below 2^width; what lies behind it becomes zero. Returns the position behind it. */
export function putBits(view: DataView, at: number, number: number, width: number): number {
  view.setUint32(at >>> 3, view.getUint8(at >>> 3) | (number << (at & 7)), true)
  return at + width
}

/** The number of `width` bits at a position. */
export function getBits(view: DataView, at: number, width: number): number {
  return (view.getUint32(at >>> 3, true) >>> (at & 7)) & ((1 << width) - 1)
}

/** The first whole byte at or behind a position. */
export const byteBehind = (at: number): number => Math.ceil(at / 8)
