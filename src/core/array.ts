// Array samples: a temperature field (2-D) or a waveform (1-D), Float32, row-major.

export interface ArrayValue {
  /** Lengths per dimension, one or two, their product is `data.length`. */
  readonly shape: readonly number[]
  readonly data: Float32Array
}

/** Most elements one array sample may have (a 1024×1024 field). */
export const arrayElementsMax = 1 << 20

export interface ArrayStatistics {
  readonly min: number
  readonly max: number
  readonly mean: number
  /** Population standard deviation. */
  readonly std: number
  /** Row and column of the maximum (row 0 for 1-D data). */
  readonly hotSpotRow: number
  readonly hotSpotColumn: number
}

/** The names under which a gateway publishes the statistics of an array tag, e.g. `field.max`. */
export const arrayStatisticNames = ['min', 'max', 'mean', 'std', 'hotSpotRow', 'hotSpotColumn'] as const satisfies (keyof ArrayStatistics)[]

/** What is wrong with an array value, or undefined when nothing is. */
export function arrayFault({ shape, data }: ArrayValue): string | undefined {
  if (shape.length < 1 || shape.length > 2 || shape.some((length) => !Number.isInteger(length) || length < 1))
    return 'the shape must be one or two whole numbers above zero'
  const elements = shape.reduce((product, length) => product * length, 1)
  if (elements > arrayElementsMax) return `the array has ${elements} elements; the most is ${arrayElementsMax}`
  if (elements !== data.length) return `the shape ${shape.join('×')} needs ${elements} elements, the data has ${data.length}`
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return `element ${i} is not a finite number`
  return undefined
}

/** Minimum, maximum, mean, standard deviation and hot spot of a valid array; two passes, so exact for large offsets. */
export function arrayStatistics({ shape, data }: ArrayValue): ArrayStatistics {
  let min = Infinity
  let max = -Infinity
  let hot = 0
  let sum = 0
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as number
    sum += value
    if (value < min) min = value
    if (value > max) {
      max = value
      hot = i
    }
  }
  const mean = sum / data.length
  let squares = 0
  for (let i = 0; i < data.length; i++) squares += ((data[i] as number) - mean) ** 2
  const columns = shape.at(-1) ?? data.length
  return { min, max, mean, std: Math.sqrt(squares / data.length), hotSpotRow: Math.floor(hot / columns), hotSpotColumn: hot % columns }
}
