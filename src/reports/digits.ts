// Numbers and times as ASCII, written straight into bytes: half of the work of a report. Each function returns where it ended.
import { formatTime, minuteUs, secondUs, type Micros } from '#core/time.ts'

/** Room that any number or time needs at most. */
export const digitsMax = 32

const decimalsMax = 9
const powers = Float64Array.from({ length: decimalsMax + 1 }, (_, decimals) => 10 ** decimals)
/** Decimals of the number before: those of one tag mostly have the same. */
let decimals = 0

/**
 * The shortest decimal that reads back as the same float64, as JavaScript writes it; -0 with its sign. A number of up to nine decimals below
 * a million is a whole number over a power of ten, which is written three times as fast.
 */
export function writeNumber(bytes: Uint8Array, start: number, value: number): number {
  const negative = value < 0 || Object.is(value, -0)
  const size = negative ? -value : value
  if (!(size < 1e6 && (size >= 1e-6 || size === 0))) return writeAscii(bytes, start, String(value))
  let scaled = Math.round(size * (powers[decimals] as number))
  if (scaled / (powers[decimals] as number) !== size) {
    scaled = Math.round(size * (powers[decimalsMax] as number))
    if (scaled / (powers[decimalsMax] as number) !== size) return writeAscii(bytes, start, String(value))
    decimals = decimalsMax
  }
  while (decimals > 0 && scaled % 10 === 0) {
    scaled /= 10
    decimals--
  }
  let at = start
  if (negative) bytes[at++] = 0x2d
  const whole = Math.floor(scaled / (powers[decimals] as number))
  at = writeDigits(bytes, at, whole, digitsOf(whole))
  if (decimals === 0) return at
  bytes[at++] = 0x2e
  return writeDigits(bytes, at, scaled - whole * (powers[decimals] as number), decimals)
}

function digitsOf(whole: number): number {
  let digits = 1
  for (let rest = whole; rest >= 10; rest = (rest / 10) | 0) digits++
  return digits
}

/** A whole number below 2^31 with leading zeros. */
function writeDigits(bytes: Uint8Array, at: number, whole: number, digits: number): number {
  let rest = whole
  for (let index = at + digits - 1; index >= at; index--) {
    const tens = (rest / 10) | 0
    bytes[index] = 0x30 + rest - tens * 10
    rest = tens
  }
  return at + digits
}

/** The minute of the time before, and its text. */
let minute = Number.NaN
const minuteText = new Uint8Array('2026-01-31T12:00:'.length)

/** As `formatTime`, for years of four digits. */
export function writeTime(bytes: Uint8Array, start: number, time: Micros): number {
  const itsMinute = Math.floor(time / minuteUs)
  if (itsMinute !== minute) {
    writeAscii(minuteText, 0, formatTime(itsMinute * minuteUs).slice(0, minuteText.length))
    minute = itsMinute
  }
  const rest = time - itsMinute * minuteUs
  const seconds = (rest / secondUs) | 0
  let at = writeDigits(bytes, writeBytes(bytes, start, minuteText), seconds, 2)
  bytes[at++] = 0x2e
  at = writeDigits(bytes, at, rest - seconds * secondUs, 6)
  bytes[at++] = 0x5a
  return at
}

export function writeAscii(bytes: Uint8Array, at: number, text: string): number {
  for (let index = 0; index < text.length; index++) bytes[at + index] = text.charCodeAt(index)
  return at + text.length
}

/** `set` costs as much as some five bytes one by one. */
export function writeBytes(bytes: Uint8Array, at: number, source: Uint8Array): number {
  const { length } = source
  if (length > 4) bytes.set(source, at)
  else for (let index = 0; index < length; index++) bytes[at + index] = source[index] as number
  return at + length
}
