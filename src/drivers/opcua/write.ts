// Turns a value into a Variant of the node's own data type, for writing. Pure.
import { DataType, Variant, VariantArrayType } from 'node-opcua-client'
import type { ArrayValue } from '#core/array.ts'
import type { Value } from '#core/batch.ts'
import { Rejected } from '#core/errors.ts'
import { parseTime } from '#core/time.ts'

/** What a node takes: read from the node itself before the first write. */
export interface NodeType {
  readonly dataType: DataType
  /** OPC UA ValueRank: -1 scalar, 1 array, 2 matrix; other negative numbers leave it open. */
  readonly valueRank: number
}

const integerRanges = new Map<DataType, readonly [number, number]>([
  [DataType.SByte, [-128, 127]],
  [DataType.Byte, [0, 255]],
  [DataType.Int16, [-32_768, 32_767]],
  [DataType.UInt16, [0, 65_535]],
  [DataType.Int32, [-2_147_483_648, 2_147_483_647]],
  [DataType.UInt32, [0, 4_294_967_295]],
  [DataType.Int64, [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]],
  [DataType.UInt64, [0, Number.MAX_SAFE_INTEGER]],
])

/** Throws `Rejected` with what the node takes. */
export function variantOf(value: Value, { dataType, valueRank }: NodeType): Variant {
  if (value === null) throw new Rejected('there is no value to write')
  if (typeof value === 'object') return arrayVariant(value, dataType, valueRank)
  if (valueRank >= 1) throw new Rejected('the node takes an array')
  const name = DataType[dataType]
  const range = integerRanges.get(dataType)
  if (range) {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < range[0] || value > range[1])
      throw new Rejected(`the node is an ${name}: write a whole number from ${range[0]} to ${range[1]}`)
    const isWide = dataType === DataType.Int64 || dataType === DataType.UInt64
    return new Variant({ dataType, arrayType: VariantArrayType.Scalar, value: isWide ? wideInteger(value) : value })
  }
  switch (dataType) {
    case DataType.Float:
    case DataType.Double:
      if (typeof value !== 'number' || !Number.isFinite(dataType === DataType.Float ? Math.fround(value) : value))
        throw new Rejected(`the node is a ${name}: write a finite number`)
      return new Variant({ dataType, value })
    case DataType.Boolean:
      if (typeof value !== 'boolean' && value !== 0 && value !== 1) throw new Rejected('the node is a Boolean: write true or false')
      return new Variant({ dataType, value: Boolean(value) })
    case DataType.String:
    case DataType.LocalizedText:
      if (typeof value !== 'string') throw new Rejected(`the node is a ${name}: write text`)
      return new Variant({ dataType, value: dataType === DataType.String ? value : { text: value } })
    case DataType.DateTime: {
      const time = typeof value === 'string' ? parseTime(value) : undefined
      if (time === undefined) throw new Rejected('the node is a DateTime: write an ISO 8601 time')
      return new Variant({ dataType, value: new Date(time / 1000) })
    }
    default:
      throw new Rejected(`the node is a ${name}, which cannot be written here`)
  }
}

function arrayVariant({ shape, data }: ArrayValue, dataType: DataType, valueRank: number): Variant {
  if (valueRank === -1) throw new Rejected('the node takes a single value, not an array')
  if (dataType !== DataType.Float && dataType !== DataType.Double)
    throw new Rejected(`arrays of ${DataType[dataType]} cannot be written here`)
  const value = dataType === DataType.Float ? data : Float64Array.from(data)
  if (shape.length === 1 || valueRank === 1) return new Variant({ dataType, arrayType: VariantArrayType.Array, value })
  return new Variant({ dataType, arrayType: VariantArrayType.Matrix, dimensions: [...shape], value })
}

/** High and low word, two's complement. */
function wideInteger(value: number): [number, number] {
  const bits = BigInt.asUintN(64, BigInt(value))
  return [Number(bits >> 32n), Number(bits & 0xffff_ffffn)]
}
