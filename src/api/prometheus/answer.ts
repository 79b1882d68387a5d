// Answers of queries as JSON text, piece by piece: a large one is never in memory as a whole, and others have their turn in between.
import type { Labels } from '#promql/labels.ts'
import type { Answer, Points } from '#promql/queries.ts'

/** Points written at once. */
const pointsPerPiece = 2000

export function* answerText(answer: Answer): Iterable<string> {
  yield `{"status":"success","data":{"resultType":"${answer.type}","result":`
  if (answer.type === 'scalar') yield pointText(answer.time, valueText(answer.value))
  else if (answer.type === 'string') yield pointText(answer.time, answer.text)
  else {
    let separator = '['
    for (const series of answer.series) {
      yield `${separator}{"metric":${labelsJson(series.labels)},`
      if (answer.type === 'vector') yield `"value":${pointAt(series, 0)}}`
      else yield* valuesText(series)
      separator = ','
    }
    yield answer.series.length === 0 ? '[]' : ']'
  }
  yield '}}'
}

function* valuesText(series: Points): Iterable<string> {
  const { length } = series.time
  yield '"values":['
  for (let from = 0; from < length; from += pointsPerPiece) {
    const count = Math.min(pointsPerPiece, length - from)
    yield (from === 0 ? '' : ',') + Array.from({ length: count }, (_, index) => pointAt(series, from + index)).join(',')
  }
  yield ']}'
}

const pointAt = ({ time, value }: Points, index: number) => pointText(time[index] as number, valueText(value[index] as number))

const pointText = (time: number, text: string) => `[${time / 1e6},${JSON.stringify(text)}]`

/** As Go writes numbers. */
function valueText(value: number): string {
  return Number.isNaN(value) ? 'NaN' : value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : String(value)
}

export const labelsJson = (labels: Labels): string => JSON.stringify(Object.fromEntries(labels))
