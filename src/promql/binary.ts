// Arithmetic and comparisons between numbers and series.
import type { Evaluation } from './evaluation.ts'
import { NotEvaluated } from './failure.ts'
import { keyOf, labelsOf, labelsText, metricName, onlyLabels, withoutLabels, withoutName, type Labels } from './labels.ts'
import { isComparison, type Arithmetic, type Binary, type BinaryOperator, type Comparison, type Matching } from './syntax.ts'
import { anyPresent, emptySeries, isEmpty, joined, setValue, type Series } from './values.ts'

const arithmetic: Record<Arithmetic, (a: number, b: number) => number> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
  // As IEEE 754 has it, unlike JavaScript: 1 to any power is 1, and so is -1 to an infinite one.
  '^': (a, b) => (a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : a ** b),
  atan2: Math.atan2,
}

const comparisons: Record<Comparison, (a: number, b: number) => boolean> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '>': (a, b) => a > b,
  '<=': (a, b) => a <= b,
  '>=': (a, b) => a >= b,
}

/** What an operator makes of two values, and whether the result stays. Without `bool` a comparison keeps the value it compares. */
function operation({ operator, bool }: Pick<Binary, 'operator' | 'bool'>) {
  if (!isComparison(operator)) {
    const compute = arithmetic[operator as Arithmetic]
    return { stays: () => true, value: (a: number, b: number) => compute(a, b) }
  }
  const holds = comparisons[operator]
  return bool ? { stays: () => true, value: (a: number, b: number) => (holds(a, b) ? 1 : 0) } : { stays: holds, value: (a: number) => a }
}

export function scalarAndScalar(operator: BinaryOperator, left: Float64Array, right: Float64Array): Float64Array {
  const { value } = operation({ operator, bool: true })
  return left.map((a, step) => value(a, right[step] as number))
}

/** `swapped`: the number stands on the left. What a comparison keeps is the vector's value even so. */
export async function vectorAndScalar(
  { budget }: Evaluation,
  binary: Binary,
  vector: readonly Series[],
  scalars: Float64Array,
  swapped: boolean,
): Promise<Series[]> {
  const { stays, value } = operation(binary)
  const keeps = isComparison(binary.operator) && !binary.bool
  const results: Series[] = []
  for (const { labels, values, present } of vector) {
    const result = emptySeries(namePlain(labels, binary), scalars.length, budget)
    values.forEach((x, step) => {
      const y = scalars[step] as number
      const [a, b] = swapped ? [y, x] : [x, y]
      if (present[step] === 1 && stays(a, b)) setValue(result, step, keeps ? x : value(a, b))
    })
    if (!isEmpty(result)) results.push(result)
    const pause = budget.spend(values.length)
    if (pause) await pause
  }
  return joined(results)
}

/** A computed value is no longer what its metric's name says; what a comparison lets through is. */
const namePlain = (labels: Labels, { operator, bool }: Binary) => (isComparison(operator) && !bool ? labels : withoutName(labels))

export async function vectorAndVector(
  evaluation: Evaluation,
  binary: Binary,
  left: readonly Series[],
  right: readonly Series[],
): Promise<Series[]> {
  const { matching } = binary
  const swapped = matching.many === 'right'
  const [many, one] = swapped ? [right, left] : [left, right]
  const keyOfMatch = matchKeys(matching)
  const partners = Map.groupBy(one, ({ labels }) => keyOfMatch(labels))
  checkUnique(evaluation, partners, many, swapped ? 'left' : 'right')
  const results: Series[] = []
  /** Per match of one series with one: the steps that are taken. */
  const taken = new Map<string, Uint8Array>()
  for (const series of many) {
    const key = keyOfMatch(series.labels)
    for (const partner of partners.get(key) ?? []) {
      const result = pair(evaluation, binary, series, partner, swapped)
      if (isEmpty(result)) continue
      if (matching.many === undefined) take(taken, key, result)
      results.push(result)
    }
    const pause = evaluation.budget.spend(series.values.length)
    if (pause) await pause
  }
  return joined(results, `the labels of ${swapped ? 'group_right' : 'group_left'} do not tell several results apart`)
}

/** What two series are matched by. */
export function matchKeys({ on, labels: names }: Matching): (labels: Labels) => string {
  return (labels) => keyOf(on ? onlyLabels(labels, names) : withoutLabels(labels, [...names, metricName]))
}

/** Where the other side has anything, no two series of the one side may match the same. */
function checkUnique({ times }: Evaluation, partners: Map<string, Series[]>, others: readonly Series[], side: string): void {
  const needed = anyPresent(others, times.length)
  for (const [key, series] of partners) {
    const first: (Series | undefined)[] = []
    if (series.length > 1)
      for (const one of series)
        for (let step = 0; step < times.length; step++) {
          if (needed[step] !== 1 || one.present[step] !== 1) continue
          const before = first[step]
          if (before) throw notUnique(side, key, before, one)
          first[step] = one
        }
  }
}

function notUnique(side: string, key: string, { labels }: Series, { labels: more }: Series) {
  return new NotEvaluated(
    `on the ${side} side several series match ${key === '[]' ? 'everything' : key}, such as ${labelsText(labels)} and ${labelsText(more)}; ` +
      'say by on() or ignoring() which belong together, or aggregate them',
  )
}

function pair({ budget }: Evaluation, binary: Binary, many: Series, one: Series, swapped: boolean): Series {
  const { stays, value } = operation(binary)
  const result = emptySeries(resultLabels(binary, many.labels, one.labels), many.values.length, budget)
  for (let step = 0; step < many.values.length; step++) {
    if (many.present[step] !== 1 || one.present[step] !== 1) continue
    const [x, y] = [many.values[step] as number, one.values[step] as number]
    const [a, b] = swapped ? [y, x] : [x, y]
    if (stays(a, b)) setValue(result, step, value(a, b))
  }
  return result
}

function resultLabels(binary: Binary, many: Labels, one: Labels): Labels {
  const { on, labels, many: grouped, include } = binary.matching
  const named = namePlain(many, binary)
  if (grouped === undefined) return on ? onlyLabels(named, labels) : withoutLabels(named, labels)
  return include.length === 0 ? named : labelsOf([...named, ...include.map((name) => [name, one.get(name) ?? ''] as const)])
}

function take(taken: Map<string, Uint8Array>, key: string, { labels, present }: Series): void {
  const steps = taken.get(key) ?? new Uint8Array(present.length)
  taken.set(key, steps)
  present.forEach((here, step) => {
    if (here === 1 && steps[step] === 1)
      throw new NotEvaluated(
        `several series on the left match the same on the right, such as ${labelsText(labels)}; write group_left or group_right`,
      )
    steps[step] = (steps[step] as number) | here
  })
}
