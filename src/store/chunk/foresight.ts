// What the numbers of a column have in common, and what foretells each of them best, as far as a sample tells.

/** level: the centre; step: the number before, plus the centre; line: as far behind the number before as that was behind its predecessor. */
export const orders = { level: 0, step: 1, line: 2 } as const

export interface Order {
  readonly order: number
  /** Of the numbers or of their steps. */
  readonly centre: number
}

/** Numbers that the middle of a column is taken from. */
const middleSamples = 31
/** The orders are compared in so many blocks of so many rows. */
const blocks = 8
const blockRows = 64

/** The largest number that divides every distance from the first; 0 when there is none but 0. */
export function commonDivisor(integers: Float64Array, count: number): number {
  const first = integers[0] as number
  let divisor = 0
  for (let row = 1; row < count && divisor !== 1; row++) {
    let distance = Math.abs((integers[row] as number) - first)
    if (distance === 0 || Math.floor(distance / divisor) * divisor === distance) continue
    while (distance !== 0) [divisor, distance] = [distance, divisor % distance]
  }
  return divisor
}

/** The order that leaves least of the distances from the first number, in units of their divisor. */
export function bestOrder(integers: Float64Array, count: number, divisor: number): Order {
  const first = integers[0] as number
  const level = middleOf(count, (row) => (integers[row] as number) - first)
  const step = middleStep(integers, count)
  let sumLevel = 0
  let sumStep = 0
  let sumLine = 0
  for (let block = 0; block < count; block += Math.max(blockRows, Math.ceil(count / blocks))) {
    const end = Math.min(block + blockRows, count)
    let previous = integers[Math.max(0, block - 1)] as number
    let previousStep = previous - (integers[Math.max(0, block - 2)] as number)
    for (let row = block; row < end; row++) {
      const x = integers[row] as number
      const difference = x - previous
      sumLevel += Math.abs(x - first - level)
      sumStep += Math.abs(difference - step)
      sumLine += Math.abs(difference - previousStep)
      previous = x
      previousStep = difference
    }
  }
  if (sumLevel <= sumStep && sumLevel <= sumLine) return { order: orders.level, centre: level / divisor }
  return sumStep <= sumLine ? { order: orders.step, centre: step / divisor } : { order: orders.line, centre: 0 }
}

/** The middle one of the steps between numbers. */
export const middleStep = (numbers: Float64Array, count: number): number =>
  middleOf(count, (row) => (numbers[row] as number) - (numbers[row - 1] as number))

/** The middle one of their magnitudes. */
export const middleDistance = (numbers: Float64Array, count: number): number =>
  middleOf(count, (row) => Math.abs((numbers[row] as number) - (numbers[row - 1] as number)))

function middleOf(count: number, numberAt: (row: number) => number): number {
  const sampled: number[] = []
  for (let row = count - 1; row > 0; row -= Math.ceil(count / middleSamples)) sampled.push(numberAt(row))
  return sampled.toSorted((a, b) => a - b)[sampled.length >> 1] as number
}
