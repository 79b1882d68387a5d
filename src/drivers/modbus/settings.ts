// What a Modbus connection and a Modbus point are told: the schemas and what they check beyond types.
import { z } from 'zod'

export const tables = ['holding', 'input', 'coil', 'discrete'] as const
export type Table = (typeof tables)[number]

export const numberTypes = ['int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64', 'float32', 'float64'] as const
export type NumberType = (typeof numberTypes)[number]
export const types = ['bool', 'bit', ...numberTypes, 'string'] as const
export type ModbusType = (typeof types)[number]

export const orders = ['ABCD', 'CDAB', 'BADC', 'DCBA'] as const
export type Order = (typeof orders)[number]

/** Items (registers, or bits) in a table. */
export const tableLength = 65_536
/** Most registers that one read may ask for (Modbus Application Protocol V1.1b3 §6.3); for bits it is sixteen times as many (§6.1). */
export const registersPerReadMax = 125
/** Most registers that one write may carry (§6.12). */
export const registersPerWriteMax = 123

/** 255 is the device itself where no gateway stands between (Modbus Messaging on TCP/IP V1.0b §4.4.1.2). */
const unit = z
  .int()
  .min(0)
  .max(255)
  .refine((id) => id <= 247 || id === 255, 'a unit id is 0 to 247, or 255 for a device without a gateway')

export const settingsSchema = z.strictObject({
  host: z.string().min(1).describe('Host name or address of the device or gateway'),
  port: z.int().min(1).max(65_535).default(502).describe('TCP port'),
  unit: unit.default(1).describe('Unit id of points that name none'),
  periodMs: z.int().min(10).max(86_400_000).default(1000).describe('How often every point is read'),
  timeoutMs: z.int().min(10).max(60_000).default(1000).describe('How long an answer may take'),
  maxRegistersPerRead: z
    .int()
    .min(1)
    .max(registersPerReadMax)
    .default(registersPerReadMax)
    .describe('Most registers in one read; for coils and discrete inputs sixteen times as many bits'),
  maxGap: z
    .int()
    .min(0)
    .max(registersPerReadMax)
    .default(8)
    .describe('Unused registers that may be read along to save a request; for coils and discrete inputs sixteen times as many bits'),
  requestsInFlight: z
    .int()
    .min(1)
    .max(16)
    .default(1)
    .describe('Requests sent before the first is answered; raise it for devices that take several at once, it multiplies the speed'),
})
export type ModbusSettings = z.infer<typeof settingsSchema>

export const addressSchema = z
  .strictObject({
    table: z.enum(tables).describe('Holding register, input register, coil or discrete input'),
    address: z
      .int()
      .min(0)
      .max(tableLength - 1)
      .describe('Counted from 0, as on the wire: register 40001 of a manual is holding 0'),
    type: z.enum(types).optional().describe('How the value is coded; coils and discrete inputs are always bool'),
    order: z
      .enum(orders)
      .default('ABCD')
      .describe('Order of bytes: ABCD as the standard says, CDAB words swapped, BADC bytes swapped in each word, DCBA both'),
    scale: z
      .number()
      .refine((scale) => scale !== 0, 'a scale of 0 would lose the value')
      .default(1)
      .describe('value = raw × scale + offset'),
    offset: z.number().default(0).describe('value = raw × scale + offset'),
    unit: unit.optional().describe('Unit id, where it is not that of the connection'),
    bit: z.int().min(0).max(15).optional().describe('For type bit: which bit of the register, 0 is the lowest'),
    length: z.int().min(1).max(registersPerReadMax).optional().describe('For type string: how many registers, two characters in each'),
  })
  .transform((address, context) => {
    const isBits = address.table === 'coil' || address.table === 'discrete'
    const type = address.type ?? (isBits ? 'bool' : undefined)
    const wrong = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    if (type === undefined) {
      wrong('type', `say how the register is coded: ${types.slice(1).join(', ')}`)
      return z.NEVER
    }
    if (isBits !== (type === 'bool'))
      wrong(
        'type',
        isBits
          ? `a ${address.table} is one bit: leave type out`
          : 'bool is for coils and discrete inputs; write type: bit and bit: 0 to 15',
      )
    if ((type === 'bit') !== (address.bit !== undefined))
      wrong('bit', type === 'bit' ? 'say which bit of the register, 0 to 15' : `bit is for type bit, not ${type}`)
    if ((type === 'string') !== (address.length !== undefined))
      wrong('length', type === 'string' ? 'say how many registers the string has' : `length is for type string, not ${type}`)
    if (!isNumberType(type) && (address.scale !== 1 || address.offset !== 0))
      wrong('scale', `scale and offset are for numbers, not ${type}`)
    const width = widthOf(type, address.length)
    if (address.address + width > tableLength)
      wrong('address', `a ${type} takes ${width} registers and would end beyond register ${tableLength - 1}`)
    return { ...address, type }
  })
export type ModbusAddress = z.infer<typeof addressSchema>

export const isNumberType = (type: ModbusType): type is NumberType => (numberTypes as readonly string[]).includes(type)

/** How many registers (or, for bool, bits) a value takes. */
export function widthOf(type: ModbusType, length = 1): number {
  switch (type) {
    case 'int32':
    case 'uint32':
    case 'float32':
      return 2
    case 'int64':
    case 'uint64':
    case 'float64':
      return 4
    case 'string':
      return length
    default:
      return 1
  }
}
