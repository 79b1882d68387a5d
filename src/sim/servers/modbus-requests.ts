// Answers Modbus requests (MODBUS Application Protocol V1.1b3, section 6): functions 1 to 6, 15 and 16 on a register image.
import type { RegisterImage, Table } from './modbus-registers.ts'

const illegalFunction = 1
const illegalAddress = 2
const illegalValue = 3
export const targetFailedToRespond = 0x0b

const readTable: Partial<Record<number, Table>> = { 1: 'coil', 2: 'discrete', 3: 'holding', 4: 'input' }
const bitsReadMax = 2000
const registersReadMax = 125
const bitsWriteMax = 1968
const registersWriteMax = 123

export function exceptionAnswer(functionCode: number, code: number): Buffer {
  return Buffer.from([functionCode | 0x80, code])
}

/** The answer to a request without its unit id (a PDU of at least one byte), for any bytes. */
export function answerRequest(request: Buffer, image: RegisterImage): Buffer {
  const functionCode = request[0] ?? 0
  const table = readTable[functionCode]
  if (table) return read(request, table, image)
  if (functionCode === 5 || functionCode === 6) return writeSingle(request, image)
  if (functionCode === 15 || functionCode === 16) return writeMultiple(request, image)
  return exceptionAnswer(functionCode, illegalFunction)
}

function read(request: Buffer, table: Table, image: RegisterImage): Buffer {
  const functionCode = request[0] as number
  const bits = table === 'coil' || table === 'discrete'
  if (request.length !== 5) return exceptionAnswer(functionCode, illegalValue)
  const from = request.readUInt16BE(1)
  const count = request.readUInt16BE(3)
  if (count < 1 || count > (bits ? bitsReadMax : registersReadMax)) return exceptionAnswer(functionCode, illegalValue)
  image.refresh()
  const cells = image.tables[table]
  const width = bits ? 1 : 2
  if ((from + count) * width > cells.length) return exceptionAnswer(functionCode, illegalAddress)
  const data = bits ? packBits(cells.subarray(from, from + count)) : cells.subarray(from * 2, (from + count) * 2)
  return Buffer.concat([Buffer.from([functionCode, data.length]), data])
}

function writeSingle(request: Buffer, image: RegisterImage): Buffer {
  const functionCode = request[0] as number
  if (request.length !== 5) return exceptionAnswer(functionCode, illegalValue)
  const value = request.readUInt16BE(3)
  if (functionCode === 5 && value !== 0x0000 && value !== 0xff00) return exceptionAnswer(functionCode, illegalValue)
  const cells = functionCode === 5 ? Buffer.from([value === 0 ? 0 : 1]) : request.subarray(3, 5)
  return write(functionCode, functionCode === 5 ? 'coil' : 'holding', request.readUInt16BE(1), cells, image) ?? request
}

function writeMultiple(request: Buffer, image: RegisterImage): Buffer {
  const functionCode = request[0] as number
  const bits = functionCode === 15
  if (request.length < 6) return exceptionAnswer(functionCode, illegalValue)
  const count = request.readUInt16BE(3)
  const bytes = bits ? Math.ceil(count / 8) : count * 2
  if (count < 1 || count > (bits ? bitsWriteMax : registersWriteMax) || request[5] !== bytes || request.length !== 6 + bytes)
    return exceptionAnswer(functionCode, illegalValue)
  const data = request.subarray(6)
  const cells = bits ? Buffer.from(Array.from({ length: count }, (_, i) => ((data[i >> 3] as number) >> (i & 7)) & 1)) : data
  return write(functionCode, bits ? 'coil' : 'holding', request.readUInt16BE(1), cells, image) ?? request.subarray(0, 5)
}

/** Sets cells; returns an exception, or nothing when it is done. */
function write(functionCode: number, table: 'coil' | 'holding', from: number, cells: Buffer, image: RegisterImage): Buffer | undefined {
  image.refresh()
  const width = table === 'coil' ? 1 : 2
  const count = cells.length / width
  const changed = Buffer.from(image.tables[table])
  if (from * width + cells.length > changed.length) return exceptionAnswer(functionCode, illegalAddress)
  cells.copy(changed, from * width)
  const result = image.write(table, from, count, changed)
  return result === 'done' ? undefined : exceptionAnswer(functionCode, result === 'illegalAddress' ? illegalAddress : illegalValue)
}

function packBits(cells: Buffer): Buffer {
  const packed = Buffer.alloc(Math.ceil(cells.length / 8))
  cells.forEach((bit, i) => {
    packed[i >> 3] = (packed[i >> 3] as number) | (bit << (i & 7))
  })
  return packed
}
