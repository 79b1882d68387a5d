// Turns what an OPC UA server sends into what the sink takes: time, quality, value by the tag's kind. Pure but for the sink.
import { DataType, StatusCodes, VariantArrayType, type DataValue, type StatusCode, type Variant } from 'node-opcua-client'
import { textLengthMax } from '#core/batch.ts'
import type { Point, Sink } from '#core/driver.ts'
import { isBad, isGood, qualities, qualityOfStatus, type Quality } from '#core/quality.ts'
import { formatTime, type Micros } from '#core/time.ts'

const numberTypes = new Set([
  DataType.SByte,
  DataType.Byte,
  DataType.Int16,
  DataType.UInt16,
  DataType.Int32,
  DataType.UInt32,
  DataType.Int64,
  DataType.UInt64,
  DataType.Float,
  DataType.Double,
])

/** The node does not exist, or no longer: servers use either status. */
export const isMissing = (status: StatusCode): boolean =>
  status.equals(StatusCodes.BadNodeIdUnknown) || status.equals(StatusCodes.BadNodeIdInvalid)

/** The quality byte of an OPC UA status. */
export const qualityOfNode = (status: StatusCode): Quality =>
  isMissing(status) ? qualities.badUnknownNode.code : qualityOfStatus(status.value)

/** A time in microseconds; OPC UA carries 100 ns, the rest is cut. Undefined where there is none (OPC UA then sends 1601). */
export function timeOf(date: Date | null | undefined, picoseconds = 0): Micros | undefined {
  const ms = date?.getTime() ?? 0
  return ms > 0 ? ms * 1000 + Math.floor(picoseconds / 1_000_000) : undefined
}

/** Int64 and UInt64 come as high and low words. NaN where digits would be lost. */
function wideInteger([high = 0, low = 0]: readonly number[], isSigned: boolean): number {
  const value = Number((BigInt(isSigned ? high | 0 : high >>> 0) << 32n) | BigInt(low >>> 0))
  return Number.isSafeInteger(value) ? value : Number.NaN
}

/** Puts one value of a point into the sink: as a sample where it can be one, otherwise as a fault that says why. */
export function giveValue(sink: Sink, index: number, point: Point, value: DataValue, now: Micros): void {
  const { kind } = point.definition
  const sent = timeOf(value.sourceTimestamp, value.sourcePicoseconds) ?? timeOf(value.serverTimestamp, value.serverPicoseconds)
  const time = sent ?? now
  const status = qualityOfNode(value.statusCode)
  const quality = sent === undefined && isGood(status) ? qualities.uncertainClock.code : status
  if (isBad(quality)) {
    if (isMissing(value.statusCode) || kind === 'text' || kind === 'array')
      sink.fault(index, quality, `the server says ${value.statusCode.description}`)
    else sink.sample(index, time, Number.NaN, quality)
    return
  }
  const fault =
    kind === 'array'
      ? giveArray(sink, index, point, value.value, time, quality)
      : value.value.arrayType === VariantArrayType.Scalar
        ? giveScalar(sink, index, point, value.value, time, quality)
        : `${typeName(value.value)} for a tag of kind ${kind}; make the tag's kind array, with its shape`
  if (fault) sink.fault(index, qualities.badDecoding.code, `the server sends ${fault}`)
}

function giveScalar(
  sink: Sink,
  index: number,
  { definition: { kind } }: Point,
  variant: Variant,
  time: Micros,
  quality: Quality,
): string | undefined {
  const { dataType } = variant
  if (kind === 'number' && numberTypes.has(dataType)) {
    const isWide = dataType === DataType.Int64 || dataType === DataType.UInt64
    const number = isWide ? wideInteger(variant.value, dataType === DataType.Int64) : Number(variant.value)
    if (!Number.isFinite(number))
      return isWide ? `an ${typeName(variant)} beyond 2^53 that would lose digits` : `${variant.value}, which is no number`
    sink.sample(index, time, number, quality)
    return undefined
  }
  if (kind === 'boolean' && dataType === DataType.Boolean) {
    sink.sample(index, time, variant.value ? 1 : 0, quality)
    return undefined
  }
  const text = kind === 'text' ? textOf(variant) : undefined
  if (text === undefined) return dataType === DataType.Null ? 'no value' : `${typeName(variant)} for a tag of kind ${kind}`
  if (text.length > textLengthMax) return `a text of ${text.length} characters; the most is ${textLengthMax}`
  sink.text(index, time, text, quality)
  return undefined
}

function giveArray(sink: Sink, index: number, { definition }: Point, variant: Variant, time: Micros, quality: Quality): string | undefined {
  if (variant.arrayType === VariantArrayType.Scalar || !numberTypes.has(variant.dataType))
    return `${typeName(variant)} for a tag of kind array`
  if (variant.dataType === DataType.Int64 || variant.dataType === DataType.UInt64)
    return `${typeName(variant)}; 64-bit arrays are not supported`
  const data = Float32Array.from(variant.value as ArrayLike<number>)
  const sent = variant.dimensions ?? [data.length]
  const shape = definition.shape ?? sent
  const elements = shape.reduce((product, length) => product * length, 1)
  // A flat array may fill any shape with as many elements; a matrix has to have the tag's shape.
  if (elements !== data.length || (sent.length > 1 && sent.join() !== shape.join()))
    return `${typeName(variant)} of shape ${sent.join('×')}, the tag's shape is ${shape.join('×')}`
  if (!data.every(Number.isFinite)) return `${typeName(variant)} with an element that is no finite number`
  sink.array(index, time, { shape, data }, quality)
  return undefined
}

/** Text of what is text, or is best read as text; undefined for the rest. */
function textOf({ dataType, value }: Variant): string | undefined {
  switch (dataType) {
    case DataType.String:
    case DataType.XmlElement:
      return value ?? ''
    case DataType.LocalizedText:
      return value?.text ?? ''
    case DataType.QualifiedName:
      return value?.name ?? ''
    case DataType.DateTime:
      return value instanceof Date ? formatTime(value.getTime() * 1000 + Math.floor(picosecondsOf(value) / 1_000_000)) : ''
    case DataType.Guid:
    case DataType.NodeId:
    case DataType.ExpandedNodeId:
    case DataType.StatusCode:
      return String(value)
    default:
      return undefined
  }
}

/** node-opcua keeps what is finer than a millisecond beside the date. */
const picosecondsOf = (date: Date & { picoseconds?: number }) => date.picoseconds ?? 0

export function typeName({ dataType, arrayType }: Pick<Variant, 'dataType' | 'arrayType'>): string {
  const name = DataType[dataType] ?? `type ${dataType}`
  return arrayType === VariantArrayType.Scalar ? name : `${name} ${arrayType === VariantArrayType.Matrix ? 'matrix' : 'array'}`
}
