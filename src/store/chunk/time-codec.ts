// Times of samples. A clock that ticks steadily but is read with a jitter is a grid: a step, where each stretch without a gap begins, and how late
// each sample is. Other times are a column of whole numbers, of which mostly the steps are written.
import type { ByteReader, ByteWriter } from './byte-stream.ts'
import { readColumn, writeColumn } from './column-codec.ts'
import { commonDivisor, middleStep } from './foresight.ts'
import { readIntegers, spreadMax, writeIntegers } from './integer-codec.ts'
import { readStarts, writeStarts } from './runs.ts'
import { scratch } from './scratch.ts'

const forms = { regular: 0, integers: 1, grid: 2, column: 3 } as const
/** A grid is worth it when its stretches have so many rows on average. */
const stretchRowsMin = 32

/** Ticks are times since the first, in units of their common divisor. */
interface Stretches {
  /** First row of each, and the count of rows at the end. */
  readonly edges: readonly number[]
  /** Mean step within stretches, in ticks. */
  readonly step: number
  /** Sum of how far steps within stretches are from the middle one. */
  readonly deviation: number
}

interface Grid {
  readonly step: number
  /** Per stretch, the tick where its grid begins. */
  readonly anchors: readonly number[]
  /** Sum of how far rows are from the mean lateness of their stretch. */
  readonly deviation: number
}

const tickScratch = scratch((length) => new Float64Array(length))
const lateScratch = scratch((length) => new Float64Array(length))

/** Writes at least one time within ±2^53; they ascend. */
export function writeTimes(writer: ByteWriter, time: Float64Array, count: number): void {
  const first = time[0] as number
  if ((time[count - 1] as number) - first > spreadMax) {
    writer.byte(forms.column)
    writeColumn(writer, time, count)
    return
  }
  const step = count > 1 ? (time[1] as number) - first : 0
  if (isRegular(time, count, step)) {
    writer.byte(forms.regular)
    writer.signed(first)
    writer.varint(step)
    return
  }
  const unit = commonDivisor(time, count)
  const ticks = tickScratch(count)
  for (let row = 0; row < count; row++) ticks[row] = ((time[row] as number) - first) / unit
  const stretches = stretchesOf(ticks, count)
  const grid = stretches && bestGrid(ticks, stretches)
  if (!grid) {
    writer.byte(forms.integers)
    writeIntegers(writer, time, count)
    return
  }
  const { edges } = stretches
  writer.byte(forms.grid)
  writer.signed(first)
  writer.varint(unit)
  writer.float(grid.step)
  writeStarts(writer, edges.slice(0, -1), count)
  writeIntegers(writer, Float64Array.from(grid.anchors), grid.anchors.length)
  writeIntegers(writer, latenessOf(ticks, edges, grid), count)
}

/** Reads `count` times back. */
export function readTimes(reader: ByteReader, time: Float64Array, count: number): void {
  const form = reader.byte()
  if (form === forms.regular) {
    const first = reader.signed()
    const step = reader.varint()
    for (let row = 0; row < count; row++) time[row] = first + row * step
  } else if (form === forms.grid) readGrid(reader, time, count)
  else if (form === forms.column) readColumn(reader, time, count)
  else readIntegers(reader, time, count)
}

function readGrid(reader: ByteReader, time: Float64Array, count: number): void {
  const first = reader.signed()
  const unit = reader.varint()
  const step = reader.float()
  const edges = readStarts(reader, count)
  const anchors = new Float64Array(edges.length - 1)
  readIntegers(reader, anchors, anchors.length)
  readIntegers(reader, time, count)
  for (let stretch = 0; stretch < anchors.length; stretch++) {
    const start = edges[stretch] as number
    const end = edges[stretch + 1] as number
    const anchor = anchors[stretch] as number
    for (let row = start; row < end; row++) time[row] = first + unit * (anchor + Math.floor((row - start) * step) + (time[row] as number))
  }
}

/** Cuts the rows where a step is far from the middle one; undefined when there are too many such, or nothing but the middle step. */
function stretchesOf(ticks: Float64Array, count: number): Stretches | undefined {
  const usual = middleStep(ticks, count)
  const edges = [0]
  let deviation = 0
  let duration = 0
  for (let row = 1; row < count; row++) {
    const step = (ticks[row] as number) - (ticks[row - 1] as number)
    const distance = Math.abs(step - usual)
    if (distance > usual / 2) {
      if (edges.push(row) * stretchRowsMin > count) return undefined
    } else {
      deviation += distance
      duration += step
    }
  }
  const step = duration / (count - edges.length)
  return deviation > 0 ? { edges: [...edges, count], step, deviation } : undefined
}

/** The grid with the least lateness, on the mean step or the whole one next to it; undefined when the steps deviate less than the rows from both. */
function bestGrid(ticks: Float64Array, { edges, step, deviation }: Stretches): Grid | undefined {
  const [whole, exact] = [gridOf(ticks, edges, Math.round(step)), gridOf(ticks, edges, step)]
  const best = whole.deviation <= exact.deviation ? whole : exact
  return best.deviation < deviation ? best : undefined
}

function gridOf(ticks: Float64Array, edges: readonly number[], step: number): Grid {
  const anchors: number[] = []
  let deviation = 0
  for (let stretch = 0; stretch + 1 < edges.length; stretch++) {
    const start = edges[stretch] as number
    const end = edges[stretch + 1] as number
    let anchor = Infinity
    let sum = 0
    for (let row = start; row < end; row++) {
      const late = (ticks[row] as number) - Math.floor((row - start) * step)
      if (late < anchor) anchor = late
      sum += late
    }
    const mean = sum / (end - start)
    for (let row = start; row < end; row++) deviation += Math.abs((ticks[row] as number) - Math.floor((row - start) * step) - mean)
    anchors.push(anchor)
  }
  return { step, anchors, deviation }
}

function latenessOf(ticks: Float64Array, edges: readonly number[], { step, anchors }: Grid): Float64Array {
  const late = lateScratch(edges.at(-1) as number)
  anchors.forEach((anchor, stretch) => {
    const start = edges[stretch] as number
    const end = edges[stretch + 1] as number
    for (let row = start; row < end; row++) late[row] = (ticks[row] as number) - anchor - Math.floor((row - start) * step)
  })
  return late
}

function isRegular(time: Float64Array, count: number, step: number): boolean {
  const first = time[0] as number
  for (let row = 2; row < count; row++) if (time[row] !== first + row * step) return false
  return true
}
