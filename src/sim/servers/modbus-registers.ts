// The register image of a simulated controller, laid out as the machine's profile maps Modbus (`maps.modbus`).
// Registers and bits between mapped ones read as 0, as in a controller; beyond the last mapped one there is nothing.
import { z } from 'zod'
import { ConfigError } from '#core/errors.ts'
import type { ServedMachine } from './protocol-server.ts'
import type { Reading } from '#sim/model.ts'

const addressSchema = z.object({
  table: z.enum(['holding', 'input', 'coil', 'discrete']),
  address: z.int().min(0).max(65_535),
  type: z.enum(['bool', 'int16', 'uint16', 'int32', 'uint32', 'float32', 'float64']).default('bool'),
  order: z.enum(['ABCD', 'CDAB', 'BADC', 'DCBA']).default('ABCD'),
  scale: z.number().default(1),
  offset: z.number().default(0),
})

type Place = z.infer<typeof addressSchema> & { readonly tag: string }
export type Table = Place['table']
type Type = Place['type']

const registersOf: Record<Type, number> = { bool: 1, int16: 1, uint16: 1, int32: 2, uint32: 2, float32: 2, float64: 4 }
const integerRange: Partial<Record<Type, readonly [number, number]>> = {
  int16: [-0x8000, 0x7fff],
  uint16: [0, 0xffff],
  int32: [-0x8000_0000, 0x7fff_ffff],
  uint32: [0, 0xffff_ffff],
}

export interface RegisterImage {
  /** Two bytes for each register, one (0 or 1) for each bit. */
  readonly tables: Readonly<Record<Table, Buffer>>
  /** Puts the machine's latest values into the tables. */
  refresh(): void
  /** Passes registers or bits that a client has set in a copy of the table on to the machine; returns false when some are not writable, or wrong. */
  write(table: 'holding' | 'coil', from: number, count: number, changed: Buffer): 'done' | 'illegalAddress' | 'illegalValue'
}

/** Throws `ConfigError` when the profile has no fitting map. */
export function registerImage(machine: ServedMachine): RegisterImage {
  const places = placesOf(machine)
  const tables = { holding: tableOf('holding'), input: tableOf('input'), coil: tableOf('coil'), discrete: tableOf('discrete') }
  function tableOf(table: Table): Buffer {
    const ends = places.filter((place) => place.table === table).map((place) => place.address + registersOf[place.type])
    return Buffer.alloc(Math.max(0, ...ends) * bytesPerCell(table))
  }
  function refresh(): void {
    const { values } = machine.latest()
    for (const place of places) {
      const value = values[place.tag]
      if (typeof value === 'number' || typeof value === 'boolean') encode(place, Number(value), tables[place.table])
    }
  }
  return {
    tables,
    refresh,
    write(table, from, count, changed) {
      const touched = places.filter(
        (place) => place.table === table && place.address < from + count && place.address + registersOf[place.type] > from,
      )
      const covered = touched.reduce((sum, { address, type }) => sum + overlap(from, count, address, registersOf[type]), 0)
      if (covered < count || touched.some(({ tag }) => !machine.model.writable.includes(tag))) return 'illegalAddress'
      for (const place of touched) {
        const raw = decode(place, changed)
        const value: Reading = place.type === 'bool' ? raw !== 0 : raw * place.scale + place.offset
        if (machine.write(place.tag, value) !== undefined) return 'illegalValue'
      }
      refresh()
      return 'done'
    },
  }
}

function placesOf({ path, profile, model }: ServedMachine): Place[] {
  const map = Object.entries(profile.maps['modbus'] ?? {})
  if (map.length === 0)
    throw new ConfigError(
      `the simulated machine ${path} is served over Modbus, but its profile ${profile.profile} has no maps.modbus; add it`,
    )
  const places = map.map(([tag, address]) => {
    const parsed = addressSchema.safeParse(address)
    if (!parsed.success)
      throw new ConfigError(`profile ${profile.profile}: maps.modbus.${tag} cannot be simulated: ${parsed.error.issues[0]?.message}`)
    return { ...parsed.data, tag }
  })
  const unknown = places.filter(({ tag }) => !(tag in model.sensors) && profile.tags[tag]?.kind !== 'boolean')
  if (unknown.length > 0)
    throw new ConfigError(
      `profile ${profile.profile}: maps.modbus.${unknown[0]?.tag} has no value in the model ${model.name}; it has ${Object.keys(model.sensors).join(', ')}`,
    )
  return places
}

const bytesPerCell = (table: Table) => (table === 'holding' || table === 'input' ? 2 : 1)

function overlap(from: number, count: number, address: number, length: number): number {
  return Math.min(from + count, address + length) - Math.max(from, address)
}

function encode(place: Place, value: number, table: Buffer): void {
  const raw = (value - place.offset) / place.scale
  if (bytesPerCell(place.table) === 1) {
    table[place.address] = raw === 0 ? 0 : 1
    return
  }
  const bytes = Buffer.alloc(registersOf[place.type] * 2)
  const range = integerRange[place.type]
  const whole = range ? Math.min(range[1], Math.max(range[0], Math.round(raw))) : Math.round(raw)
  if (place.type === 'float32') bytes.writeFloatBE(raw)
  else if (place.type === 'float64') bytes.writeDoubleBE(raw)
  else if (place.type === 'bool') bytes.writeUInt16BE(raw === 0 ? 0 : 1)
  else if (place.type.startsWith('u')) bytes.writeUIntBE(whole, 0, bytes.length)
  else bytes.writeIntBE(whole, 0, bytes.length)
  reorder(bytes, place.order).copy(table, place.address * 2)
}

/** The number that a place holds in a table, before scale and offset. */
function decode(place: Place, table: Buffer): number {
  if (bytesPerCell(place.table) === 1) return table[place.address] ?? 0
  const at = place.address * 2
  const bytes = reorder(Buffer.from(table.subarray(at, at + registersOf[place.type] * 2)), place.order)
  if (place.type === 'float32') return bytes.readFloatBE()
  if (place.type === 'float64') return bytes.readDoubleBE()
  return place.type.startsWith('int') ? bytes.readIntBE(0, bytes.length) : bytes.readUIntBE(0, bytes.length)
}

/** Big-endian bytes into the order of a controller, or back: swapping words and bytes undoes itself. */
function reorder(bytes: Buffer, order: Place['order']): Buffer {
  if (order === 'CDAB' || order === 'DCBA') bytes = Buffer.concat(chunksOf(bytes).toReversed())
  return order === 'BADC' || order === 'DCBA' ? bytes.swap16() : bytes
}

function chunksOf(bytes: Buffer): Buffer[] {
  return Array.from({ length: bytes.length / 2 }, (_, i) => bytes.subarray(i * 2, i * 2 + 2))
}
