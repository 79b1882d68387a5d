// Gives every part of a query its values, over all steps at once: columns go in, columns come out.
import { aggregate } from './aggregate.ts'
import { vectorAndScalar, scalarAndScalar, vectorAndVector } from './binary.ts'
import { setOperation } from './set-operation.ts'
import type { Evaluation } from './evaluation.ts'
import { callFunction } from './functions/call.ts'
import { withoutName } from './labels.ts'
import { instantVector } from './selectors.ts'
import { isSetOperator, type Aggregation, type Binary, type Expression } from './syntax.ts'
import { joined, type Series, type Value } from './values.ts'

export async function evaluate(evaluation: Evaluation, expression: Expression): Promise<Value> {
  switch (expression.kind) {
    case 'number':
      return { type: 'scalar', values: new Float64Array(evaluation.times.length).fill(expression.value) }
    case 'text':
      return { type: 'string', text: expression.text }
    case 'selector':
      return { type: 'vector', series: await instantVector(evaluation, expression) }
    case 'call':
      return callFunction(evaluation, expression)
    case 'aggregation':
      return evaluateAggregation(evaluation, expression)
    case 'binary':
      return evaluateBinary(evaluation, expression)
    case 'minus':
      return negated(await evaluation.evaluate(expression.body))
    default:
      throw new TypeError('a range vector is seen by functions only')
  }
}

async function evaluateAggregation(evaluation: Evaluation, { operator, grouping, parameter, body }: Aggregation): Promise<Value> {
  const number = parameter && (await evaluation.evaluate(parameter))
  const vector = await evaluation.evaluate(body)
  const parameters = number?.type === 'scalar' ? number.values : undefined
  return { type: 'vector', series: await aggregate(evaluation, operator, grouping, seriesOf(vector), parameters) }
}

async function evaluateBinary(evaluation: Evaluation, binary: Binary): Promise<Value> {
  const { operator } = binary
  const left = await evaluation.evaluate(binary.left)
  const right = await evaluation.evaluate(binary.right)
  if (left.type === 'scalar' && right.type === 'scalar')
    return { type: 'scalar', values: scalarAndScalar(operator, left.values, right.values) }
  if (isSetOperator(operator))
    return { type: 'vector', series: await setOperation(evaluation, operator, binary.matching, seriesOf(left), seriesOf(right)) }
  if (left.type === 'scalar')
    return { type: 'vector', series: await vectorAndScalar(evaluation, binary, seriesOf(right), left.values, true) }
  if (right.type === 'scalar')
    return { type: 'vector', series: await vectorAndScalar(evaluation, binary, seriesOf(left), right.values, false) }
  return { type: 'vector', series: await vectorAndVector(evaluation, binary, seriesOf(left), seriesOf(right)) }
}

function negated(value: Value): Value {
  if (value.type === 'scalar') return { type: 'scalar', values: value.values.map((x) => -x) }
  const series = seriesOf(value).map(({ labels, values, present }) => ({
    labels: withoutName(labels),
    values: values.map((x) => -x),
    present,
  }))
  return { type: 'vector', series: joined(series) }
}

/** The parser has checked that it is a vector. */
const seriesOf = (value: Value): readonly Series[] => (value.type === 'vector' ? value.series : [])
