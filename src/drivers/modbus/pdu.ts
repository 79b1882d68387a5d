// Modbus requests and answers without their transport (Modbus Application Protocol V1.1b3): builds the one, checks the other.
import type { Table } from './settings.ts'

/** The device answered with an exception: it is there and says no. */
export class ModbusException extends Error {
  override name = 'ModbusException'
  readonly code: number
  constructor(code: number) {
    super(`the device answers with exception ${code}: ${exceptionTexts[code] ?? 'unknown reason'}`)
    this.code = code
  }
}

/** The answer is Modbus but not one to this request. */
export class WrongAnswer extends Error {
  override name = 'WrongAnswer'
}

const exceptionTexts: Record<number, string> = {
  1: 'it does not know this function',
  2: 'it has no such address',
  3: 'it does not accept this value or length',
  4: 'it failed while doing it',
  5: 'it has begun and will take long',
  6: 'it is busy',
  8: 'its memory has a parity error',
  10: 'the gateway has no path to the unit',
  11: 'the unit behind the gateway does not answer',
}
export const illegalFunction = 1
export const illegalAddress = 2

const readFunctions = { coil: 1, discrete: 2, holding: 3, input: 4 } as const satisfies Record<Table, number>

function head(functionCode: number, address: number, second: number): Buffer {
  const pdu = Buffer.alloc(5)
  pdu[0] = functionCode
  pdu.writeUInt16BE(address, 1)
  pdu.writeUInt16BE(second, 3)
  return pdu
}

export const readRequest = (table: Table, address: number, count: number): Buffer => head(readFunctions[table], address, count)

/** The registers or packed bits of an answer to `readRequest`. */
export function readAnswer(request: Buffer, answer: Buffer): Buffer {
  checkFunction(request, answer)
  const count = request.readUInt16BE(3)
  const bytes = (request[0] as number) <= readFunctions.discrete ? (count + 7) >> 3 : count * 2
  if (answer[1] !== bytes || answer.length !== bytes + 2)
    throw new WrongAnswer(`the answer has ${answer.length - 2} bytes of data, ${bytes} were asked for`)
  return answer.subarray(2)
}

export const writeCoil = (address: number, on: boolean): Buffer => head(5, address, on ? 0xff00 : 0)
export const writeRegister = (address: number, register: Buffer): Buffer => head(6, address, register.readUInt16BE(0))
export const writeCoils = (address: number, on: boolean): Buffer => Buffer.concat([head(15, address, 1), Buffer.of(1, on ? 1 : 0)])
export const writeRegisters = (address: number, registers: Buffer): Buffer =>
  Buffer.concat([head(16, address, registers.length / 2), Buffer.of(registers.length), registers])

/** Sets or clears one bit of a register without touching the others (function 22). */
export function writeBit(address: number, bit: number, on: boolean): Buffer {
  const mask = Buffer.alloc(7)
  head(22, address, ~(1 << bit) & 0xffff).copy(mask)
  mask.writeUInt16BE(on ? 1 << bit : 0, 5)
  return mask
}

/** Checks that an answer confirms this write: every one repeats the start of its request. */
export function checkWritten(request: Buffer, answer: Buffer): void {
  checkFunction(request, answer)
  const echoed = request[0] === 22 ? 7 : 5
  if (!answer.equals(request.subarray(0, echoed))) throw new WrongAnswer('the answer confirms another write than the one sent')
}

function checkFunction(request: Buffer, answer: Buffer): void {
  const functionCode = request[0] as number
  if (answer[0] === (functionCode | 0x80)) throw new ModbusException(answer[1] ?? 0)
  if (answer[0] !== functionCode) throw new WrongAnswer(`the answer is to function ${answer[0]}, asked was function ${functionCode}`)
}
