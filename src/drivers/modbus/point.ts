// One Modbus point: what kinds of tag it can feed, how it is read out of an answer, how it is written.
import { ConfigError, Rejected } from '#core/errors.ts'
import { textLengthMax, type Value } from '#core/batch.ts'
import type { Point, Sink } from '#core/driver.ts'
import { good, qualities } from '#core/quality.ts'
import type { Kind } from '#core/tag.ts'
import type { Micros } from '#core/time.ts'
import { writeBit, writeCoil, writeCoils, writeRegister, writeRegisters } from './pdu.ts'
import { isNumberType, registersPerWriteMax, type ModbusAddress } from './settings.ts'
import { decodeNumber, decodeString, encodeNumber, encodeString, numberFault, scaled } from './value.ts'

/** Why this point cannot work, or undefined when it can. */
export function pointFault({ definition, address: { type, table, length = 1 } }: Point<ModbusAddress>): string | undefined {
  const kind = definition.kind
  const fits: Record<Kind, boolean> = {
    number: type !== 'string',
    boolean: type === 'bool' || type === 'bit',
    text: type === 'string',
    array: false,
  }
  if (kind === 'array') return 'a tag of kind array cannot be read over Modbus; read its elements as number tags'
  if (!fits[kind])
    return `a tag of kind ${kind} cannot hold a ${type}; make the tag's kind ${type === 'string' ? 'text' : isNumberType(type) ? 'number' : 'boolean'}, or change the type`
  if (definition.writable && (table === 'input' || table === 'discrete'))
    return `the tag is writable, but ${table === 'input' ? 'input registers' : 'discrete inputs'} can only be read; use ${table === 'input' ? 'holding' : 'coil'}`
  if (definition.writable && length > registersPerWriteMax)
    return `the tag is writable, but ${length} registers do not fit one write; the most is ${registersPerWriteMax}`
  return undefined
}

/** Gives the sink one point's value out of an answer that starts at item `start` of the point's table. */
export function readPoint(sink: Sink, index: number, address: ModbusAddress, bytes: Uint8Array, start: number, time: Micros): void {
  const { type, order } = address
  const item = address.address - start
  if (type === 'bool') return sink.sample(index, time, ((bytes[item >> 3] as number) >> (item & 7)) & 1, good)
  const offset = item * 2
  if (type === 'string')
    return sink.text(index, time, decodeString(bytes, offset, address.length ?? 1, order).slice(0, textLengthMax), good)
  if (type === 'bit') return sink.sample(index, time, (decodeNumber(bytes, offset, 'uint16', order) >> (address.bit ?? 0)) & 1, good)
  const raw = decodeNumber(bytes, offset, type, order)
  const fault = numberFault(type, raw)
  if (fault) return sink.fault(index, qualities.badDecoding.code, fault)
  const value = scaled(raw, address)
  if (Number.isFinite(value)) sink.sample(index, time, value, good)
  else sink.fault(index, qualities.badDecoding.code, `the ${type} ${raw} × ${address.scale} is too large`)
}

/** The requests that write a value, the usual one first; the next is for devices that do not know its function. Throws `Rejected`. */
export function writeRequests(address: ModbusAddress, value: Value): Buffer[] {
  const { table, type, bit = 0, order } = address
  const at = address.address
  if (table === 'input' || table === 'discrete') throw new Rejected(`${table} ${at} can only be read`)
  if (type === 'string') {
    if (typeof value !== 'string') throw new Rejected(`a string is to be written, this is a ${typeof value}`)
    return [writeRegisters(at, encodeString(value, address))]
  }
  if (type === 'bool' || type === 'bit') {
    if (value !== true && value !== false && value !== 0 && value !== 1) throw new Rejected('write true or false')
    const on = Boolean(value)
    if (type === 'bit') return [writeBit(at, order === 'BADC' || order === 'DCBA' ? bit ^ 8 : bit, on)]
    return [writeCoil(at, on), writeCoils(at, on)]
  }
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new Rejected('write a finite number')
  const registers = encodeNumber(value, address)
  const all = writeRegisters(at, registers)
  return registers.length === 2 ? [writeRegister(at, registers), all] : [all]
}

/** Throws one `ConfigError` that names every point that cannot work. */
export function checkPoints(points: readonly Point<ModbusAddress>[], maxRegistersPerRead: number): void {
  const faults = points.flatMap((point) => {
    const tooLong = (point.address.length ?? 1) > maxRegistersPerRead
    const fault = tooLong
      ? `its ${point.address.length} registers are more than maxRegistersPerRead ${maxRegistersPerRead}`
      : pointFault(point)
    return fault ? [`${point.tag}: ${fault}`] : []
  })
  if (faults.length > 0) throw new ConfigError(faults.join('\n'))
}
