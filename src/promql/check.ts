// What may stand where: types of operands and parameters, as Prometheus checks them before it evaluates anything.
import { refusal } from './failure.ts'
import { signatureOf, unsupported } from './functions/signature.ts'
import { aggregationParameters, isComparison, isSetOperator } from './syntax.ts'
import type { Aggregation, Binary, Call, Expression, ValueType } from './syntax.ts'

const typeNames = { scalar: 'a number', vector: 'an instant vector', matrix: 'a range vector', string: 'a text' }

export function typeOf(expression: Expression): ValueType {
  switch (expression.kind) {
    case 'number':
      return 'scalar'
    case 'text':
      return 'string'
    case 'range':
      return 'matrix'
    case 'minus':
      return typeOf(expression.body)
    case 'call':
      return signatureOf(expression.name)?.gives ?? 'vector'
    case 'binary':
      return typeOf(expression.left) === 'scalar' && typeOf(expression.right) === 'scalar' ? 'scalar' : 'vector'
    default:
      return 'vector'
  }
}

const isNumeric = (type: ValueType) => type === 'scalar' || type === 'vector'

export function checkBinary(binary: Binary, matchingGiven: boolean): Binary {
  const { operator, left, right, bool, at } = binary
  for (const side of [left, right])
    if (!isNumeric(typeOf(side))) throw refusal(`${operator} takes numbers and instant vectors, not ${typeNames[typeOf(side)]}`, side.at)
  const scalars = [left, right].filter((side) => typeOf(side) === 'scalar').length
  if (isComparison(operator) && scalars === 2 && !bool) throw refusal(`comparing two numbers needs bool, as in 1 ${operator} bool 2`, at)
  if (isSetOperator(operator) && scalars > 0) throw refusal(`${operator} takes instant vectors, not numbers`, at)
  if (matchingGiven && scalars > 0) throw refusal('on() and ignoring() are possible between two instant vectors only', at)
  return binary
}

export function checkAggregation(aggregation: Aggregation): Aggregation {
  const { operator, parameter, body } = aggregation
  need(body, 'vector', operator)
  const type = aggregationParameters[operator]
  if (parameter && type) need(parameter, type, operator)
  return aggregation
}

export function checkCall(call: Call): Call {
  const { name, parameters, at } = call
  const signature = signatureOf(name)
  if (!signature)
    throw refusal(Object.hasOwn(unsupported, name) ? `${name} is not supported: ${unsupported[name]}` : `unknown function "${name}"`, at)
  const { takes, least, more } = signature
  const most = more ? Infinity : takes.length
  if (parameters.length < least || parameters.length > most) {
    const count = least === most ? least : more ? `at least ${least}` : `${least} to ${most}`
    throw refusal(`${name} takes ${count}, not ${parameters.length} parameters`, at)
  }
  parameters.forEach((parameter, index) => need(parameter, takes[Math.min(index, takes.length - 1)] as ValueType, name))
  return call
}

/** What a sign may stand before. */
export function signable(expression: Expression, at: number): Expression {
  if (!isNumeric(typeOf(expression))) throw refusal(`a sign takes a number or an instant vector, not ${typeNames[typeOf(expression)]}`, at)
  return expression
}

function need(expression: Expression, type: ValueType, where: string): void {
  const given = typeOf(expression)
  if (given !== type) throw refusal(`${where} takes ${typeNames[type]} here, not ${typeNames[given]}`, expression.at)
}
