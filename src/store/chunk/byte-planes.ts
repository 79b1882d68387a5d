// Byte planes: all first bytes of fixed-width elements, then all second bytes, and so on. Neighbouring floats share their high bytes,
// so a general compressor finds far more in planes than in the floats themselves. Lossless.

/** Rearranges elements of `width` bytes into planes; `into` has the same length. */
export function toPlanes(elements: Uint8Array, width: number, into: Uint8Array): void {
  const count = elements.length / width
  for (let plane = 0; plane < width; plane++) {
    const start = plane * count
    for (let index = 0, from = plane; index < count; index++, from += width) into[start + index] = elements[from] as number
  }
}

/** Undoes `toPlanes`. */
export function fromPlanes(planes: Uint8Array, width: number, into: Uint8Array): void {
  const count = planes.length / width
  for (let plane = 0; plane < width; plane++) {
    const start = plane * count
    for (let index = 0, to = plane; index < count; index++, to += width) into[to] = planes[start + index] as number
  }
}
