// The whole numbers of a field, each foretold from its neighbours to the left and above. Per row of the field the foresight that leaves least is
// taken: a mean where noise prevails, a plane where the field slopes, the median (as in JPEG-LS) where it has edges.
import type { ByteReader, ByteWriter } from './byte-stream.ts'
import { commonDivisor } from './foresight.ts'
import { readIntegers, writeIntegers } from './integer-codec.ts'
import { scratch } from './scratch.ts'
import type { IntegerCoder } from './value-codec.ts'

/** Mean of the four neighbours, the left one moved by the slope above, median of left, above and their plane. */
const foresights = { mean: 0, slope: 1, median: 2 } as const

/** Per so many numbers of a row one is looked at to choose its foresight. */
const sampleStride = 3

const numberScratch = scratch((length) => new Float64Array(length))
const restScratch = scratch((length) => new Float64Array(length))

/** For whole rows of so many columns. */
export function fieldCoder(columns: number): IntegerCoder {
  return {
    write: (writer, integers, count) => writeField(writer, integers, count, columns),
    read: (reader, integers, count) => readField(reader, integers, count, columns),
  }
}

function writeField(writer: ByteWriter, integers: Float64Array, count: number, columns: number): void {
  const first = integers[0] as number
  const divisor = commonDivisor(integers, count)
  writer.signed(first)
  writer.varint(divisor)
  if (divisor === 0) return
  const numbers = numberScratch(count)
  for (let index = 0; index < count; index++) numbers[index] = ((integers[index] as number) - first) / divisor
  const rest = restScratch(count)
  for (let index = 1; index < columns; index++) rest[index] = (numbers[index] as number) - (numbers[index - 1] as number)
  rest[0] = 0
  const chosen = new Float64Array(count / columns)
  for (let row = 1; row < chosen.length; row++) {
    chosen[row] = bestForesight(numbers, row * columns, columns)
    takeOff(numbers, row * columns, columns, chosen[row] as number, rest)
  }
  writeIntegers(writer, chosen, chosen.length)
  writeIntegers(writer, rest, count)
}

function readField(reader: ByteReader, integers: Float64Array, count: number, columns: number): void {
  const first = reader.signed()
  const divisor = reader.varint()
  if (divisor === 0) {
    integers.fill(first, 0, count)
    return
  }
  const chosen = new Float64Array(count / columns)
  readIntegers(reader, chosen, chosen.length)
  readIntegers(reader, integers, count)
  for (let index = 1; index < columns; index++) integers[index] = (integers[index] as number) + (integers[index - 1] as number)
  for (let row = 1; row < chosen.length; row++) {
    putBack(integers, row * columns, columns, chosen[row] as number)
  }
  for (let index = 0; index < count; index++) integers[index] = first + (integers[index] as number) * divisor
}

/** What is foretold of a number from its neighbours. */
function foretell(foresight: number, left: number, above: number, aboveLeft: number, aboveRight: number): number {
  if (foresight === foresights.mean) return Math.floor((left + above + aboveLeft + aboveRight + 2) / 4)
  if (foresight === foresights.slope) return left + Math.floor((aboveRight - aboveLeft + 1) / 2)
  const low = left < above ? left : above
  const high = left < above ? above : left
  return aboveLeft >= high ? low : aboveLeft <= low ? high : left + above - aboveLeft
}

/** The foresight that leaves least of one row, as far as a sample of its numbers tells. */
function bestForesight(numbers: Float64Array, start: number, columns: number): number {
  let mean = 0
  let slope = 0
  let median = 0
  for (let at = start + 1; at < start + columns - 1; at += sampleStride) {
    const x = numbers[at] as number
    const left = numbers[at - 1] as number
    const above = numbers[at - columns] as number
    const aboveLeft = numbers[at - columns - 1] as number
    const aboveRight = numbers[at - columns + 1] as number
    mean += Math.abs(x - foretell(foresights.mean, left, above, aboveLeft, aboveRight))
    slope += Math.abs(x - foretell(foresights.slope, left, above, aboveLeft, aboveRight))
    median += Math.abs(x - foretell(foresights.median, left, above, aboveLeft, aboveRight))
  }
  return mean <= slope && mean <= median ? foresights.mean : slope <= median ? foresights.slope : foresights.median
}

/** Writes what the foresight leaves of one row to `rest`. */
function takeOff(numbers: Float64Array, start: number, columns: number, foresight: number, rest: Float64Array): void {
  let above = numbers[start - columns] as number
  let left = above
  let aboveLeft = above
  for (let column = 0; column < columns; column++) {
    const aboveRight = column + 1 < columns ? (numbers[start - columns + column + 1] as number) : above
    const x = numbers[start + column] as number
    rest[start + column] = x - foretell(foresight, left, above, aboveLeft, aboveRight)
    left = x
    aboveLeft = above
    above = aboveRight
  }
}

function putBack(numbers: Float64Array, start: number, columns: number, foresight: number): void {
  let above = numbers[start - columns] as number
  let left = above
  let aboveLeft = above
  for (let column = 0; column < columns; column++) {
    const aboveRight = column + 1 < columns ? (numbers[start - columns + column + 1] as number) : above
    left = (numbers[start + column] as number) + foretell(foresight, left, above, aboveLeft, aboveRight)
    numbers[start + column] = left
    aboveLeft = above
    above = aboveRight
  }
}
