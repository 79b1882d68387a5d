// Numbered frames as one HTTP body: for each, its sequence as a little-endian float64, then the frame (which knows its own length).
import { Rejected } from './errors.ts'
import type { NumberedFrame } from './uplink.ts'

export const frameListType = 'application/vnd.millwright.frames'

/** Most frames of one list; a gateway sends far fewer. */
export const framesMax = 10_000

export function encodeFrameList(frames: readonly NumberedFrame[]): Uint8Array<ArrayBuffer> {
  const list = new Uint8Array(frames.reduce((sum, { frame }) => sum + 8 + frame.length, 0))
  const view = new DataView(list.buffer)
  let at = 0
  for (const { sequence, frame } of frames) {
    view.setFloat64(at, sequence, true)
    list.set(frame, at + 8)
    at += 8 + frame.length
  }
  return list
}

/** Splits a body; the frames stay views into it and are not checked themselves. Throws `Rejected` when it cannot be split. */
export function decodeFrameList(list: Uint8Array): NumberedFrame[] {
  const view = new DataView(list.buffer, list.byteOffset, list.byteLength)
  const frames: NumberedFrame[] = []
  for (let at = 0; at < list.length; ) {
    if (frames.length >= framesMax) throw new Rejected(`the frame list holds more than ${framesMax} frames; send them in parts`)
    if (at + 16 > list.length) throw new Rejected(`the frame list ends at byte ${list.length}, in the middle of a frame's head`)
    const sequence = view.getFloat64(at, true)
    const length = view.getUint32(at + 12, true)
    if (!Number.isSafeInteger(sequence) || sequence < 1)
      throw new Rejected(`frame ${frames.length} of the list has the impossible sequence ${sequence}`)
    if (length < 8 || at + 8 + length > list.length)
      throw new Rejected(`frame ${frames.length} of the list says ${length} bytes, more than there are`)
    frames.push({ sequence, frame: list.subarray(at + 8, at + 8 + length) })
    at += 8 + length
  }
  return frames
}
