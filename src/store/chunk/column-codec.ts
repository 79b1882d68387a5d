// A column of float64 values, each of them exact: as runs where they repeat, else one by one.
import type { ByteReader, ByteWriter } from './byte-stream.ts'
import { readStarts, writeStarts } from './runs.ts'
import { readValues, writeValues } from './value-codec.ts'

const forms = { values: 0, runs: 1 } as const
/** Runs are worth it from this mean length on. */
const runLengthMin = 8

/** Writes at least one value. */
export function writeColumn(writer: ByteWriter, values: Float64Array, count: number): void {
  const starts = runStarts(values, count)
  writer.byte(starts ? forms.runs : forms.values)
  if (!starts) {
    writeValues(writer, values, count)
    return
  }
  writeStarts(writer, starts, count)
  const ofRuns = Float64Array.from(starts, (start) => values[start] as number)
  writeValues(writer, ofRuns, ofRuns.length)
}

/** Reads `count` values back. */
export function readColumn(reader: ByteReader, values: Float64Array, count: number): void {
  if (reader.byte() === forms.values) {
    readValues(reader, values, count)
    return
  }
  const starts = readStarts(reader, count)
  const runs = starts.length - 1
  const ofRuns = new Float64Array(runs)
  readValues(reader, ofRuns, runs)
  for (let run = 0; run < runs; run++) values.fill(ofRuns[run] as number, starts[run], starts[run + 1])
}

/** Where runs of the same value begin, or undefined when they are too short. */
function runStarts(values: Float64Array, count: number): number[] | undefined {
  const starts = [0]
  const runsMax = count / runLengthMin
  for (let row = 1; row < count && starts.length <= runsMax; row++) {
    const x = values[row] as number
    const previous = values[row - 1] as number
    // 0 equals -0 but is not the same; a NaN is unequal to itself but is.
    if (x === previous ? x === 0 && !Object.is(x, previous) : x === x || previous === previous) starts.push(row)
  }
  return starts.length <= runsMax ? starts : undefined
}
