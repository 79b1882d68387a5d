// Follows the packets in a stream of bytes by their fixed headers (MQTT 3.1.1 §2.2), so that one that is too large is refused before
// it fills the memory. The parser behind it knows no such bound.

/** A function to which every chunk is shown in order; true once a packet is larger than the bound. */
export function packetSizeGuard(packetBytesMax: number): (chunk: Uint8Array) => boolean {
  /** Bytes of the present packet still to come. */
  let rest = 0
  /** -1 before a packet's first byte; otherwise how many bytes of its remaining length were read. */
  let lengthBytes = -1
  let length = 0
  return (chunk) => {
    let at = 0
    while (at < chunk.length) {
      if (rest > 0) {
        const step = Math.min(rest, chunk.length - at)
        rest -= step
        at += step
      } else if (lengthBytes < 0) {
        at++
        lengthBytes = 0
        length = 0
      } else {
        const byte = chunk[at++] as number
        length += (byte & 0x7f) * 128 ** lengthBytes++
        if (length > packetBytesMax || lengthBytes > 4) return true
        if (byte < 0x80) {
          rest = length
          lengthBytes = -1
        }
      }
    }
    return false
  }
}
