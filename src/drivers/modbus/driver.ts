// Reads and writes a Modbus device, or several units behind a gateway, over TCP. Units are read side by side: a silent one delays no other.
import type { Value } from '#core/batch.ts'
import { defineDriver, type Driver, type DriverContext, type Point } from '#core/driver.ts'
import { messageOf, NotConnected, Rejected } from '#core/errors.ts'
import { qualities, type Quality } from '#core/quality.ts'
import { checkWritten, illegalAddress, illegalFunction, ModbusException, readAnswer, readRequest } from './pdu.ts'
import { planReads, splitRead, type Read } from './plan.ts'
import { checkPoints, readPoint, writeRequests } from './point.ts'
import { addressSchema, settingsSchema, widthOf, type ModbusAddress, type ModbusSettings } from './settings.ts'
import { ModbusTcpClient, NoAnswer } from './tcp-client.ts'

/** After so many unanswered reads in a row from every unit the connection counts as dead. */
const silentReadsMax = 3
/** A silent unit beside answering ones is asked again after 1, 2, 4 ... time-outs, at most after so long. */
const silentPauseMsMax = 30_000
/** Exceptions that may come from one item among many: the read is split to find it. */
const splittingExceptions = new Set([illegalAddress, 3, 4])
const deadUnitExceptions = new Set([10, 11])

/** What is known of one unit id. */
interface Unit {
  readonly id: number
  readonly plan: readonly Read[]
  /** The plan, split where the device refused it. */
  reads: readonly Read[]
  /** Reads that cannot be split and were refused last time. */
  readonly refused: Set<Read>
  /** Unanswered reads in a row. */
  silences: number
  /** A silent unit is not asked before. */
  askAgainAt: number
  /** The reading that is going on. */
  busy: Promise<void> | undefined
}

class ModbusDriver implements Driver {
  readonly pollPeriodMs: number
  readonly watchdogMs: number
  #settings: ModbusSettings
  #points: readonly Point<ModbusAddress>[]
  #context: DriverContext
  #client: ModbusTcpClient
  #units: Unit[]
  #closed = false

  constructor(settings: ModbusSettings, points: readonly Point<ModbusAddress>[], context: DriverContext) {
    this.#settings = settings
    this.#points = points
    this.#context = context
    const spans = points.map(({ address }, point) => ({
      point,
      unit: address.unit ?? settings.unit,
      table: address.table,
      address: address.address,
      width: widthOf(address.type, address.length),
    }))
    const byUnit = Map.groupBy(planReads(spans, settings), (read) => read.unit)
    this.#units = Array.from(byUnit, ([id, plan]) => ({
      id,
      plan,
      reads: plan,
      refused: new Set(),
      silences: 0,
      askAgainAt: 0,
      busy: undefined,
    }))
    this.pollPeriodMs = settings.periodMs
    this.watchdogMs = 3 * settings.periodMs + (this.#units.length + silentReadsMax) * settings.timeoutMs
    this.#client = new ModbusTcpClient({ ...settings, clock: context.clock, lost: (error) => this.#closed || context.lost(error) })
  }

  connect(signal: AbortSignal): Promise<void> {
    return this.#client.connect(signal)
  }

  async poll(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const aborted = Promise.withResolvers<never>()
    const abort = () => aborted.reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    try {
      await Promise.race([this.#readUnits(), aborted.promise])
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  async write(point: number, value: Value): Promise<void> {
    const { address } = this.#points[point] as Point<ModbusAddress>
    const unit = address.unit ?? this.#settings.unit
    const requests = writeRequests(address, value)
    for (const request of requests) {
      try {
        return checkWritten(request, await this.#client.request(unit, request, true))
      } catch (error) {
        const isLast = request === requests.at(-1)
        if (!isLast && error instanceof ModbusException && error.code === illegalFunction) continue
        if (error instanceof ModbusException) throw new Rejected(error.message)
        throw error instanceof NotConnected ? error : new NotConnected(`the write was not confirmed: ${messageOf(error)}`)
      }
    }
  }

  close(): Promise<void> {
    this.#closed = true
    return this.#client.close()
  }

  /** Waits for the units that answer. Silent ones are asked beside them, less and less often; when all are silent, all are waited for. */
  async #readUnits(): Promise<void> {
    const answering = this.#units.filter((unit) => unit.silences === 0)
    const now = this.#context.clock.now()
    const asked = this.#units.filter((unit) => !unit.busy && (unit.silences === 0 || answering.length === 0 || unit.askAgainAt <= now))
    for (const unit of asked) {
      unit.busy = this.#readUnit(unit).finally(() => {
        unit.busy = undefined
      })
      unit.busy.catch(() => {})
    }
    await Promise.all((answering.length > 0 ? answering : this.#units).flatMap(({ busy }) => busy ?? []))
    if (this.#units.length > 0 && this.#units.every((unit) => unit.silences >= silentReadsMax))
      throw new NotConnected(
        `${this.#settings.host}:${this.#settings.port} accepts the connection but answered none of the last ${silentReadsMax} reads; is unit ${this.#units[0]?.id} right and the device on?`,
      )
  }

  /** Reads everything of one unit. The first silence ends it, so that a dead unit costs one time-out; the silent read then comes last. */
  async #readUnit(unit: Unit): Promise<void> {
    const waiting = unit.reads.toReversed()
    const done: Read[] = []
    const silent: Read[] = []
    let answered = false
    let recovered = false
    const worker = async () => {
      for (let read = waiting.pop(); read && !this.#closed; read = waiting.pop()) {
        try {
          await this.#read(read)
          answered = true
          recovered = unit.refused.delete(read) || recovered
          done.push(read)
        } catch (error) {
          const halves = error instanceof ModbusException && splittingExceptions.has(error.code) ? splitRead(read) : undefined
          if (halves) {
            waiting.push(halves[1], halves[0])
            continue
          }
          this.#fault(read, error)
          if (error instanceof NoAnswer) {
            silent.push(read)
            const rest = waiting.splice(0).toReversed()
            for (const read of rest) this.#fault(read, error)
            done.push(...rest)
          } else {
            answered = true
            if (error instanceof ModbusException) unit.refused.add(read)
            done.push(read)
          }
        }
      }
    }
    const workers = unit.silences > 0 ? 1 : Math.min(this.#settings.requestsInFlight, waiting.length)
    await Promise.all(Array.from({ length: workers }, worker))
    unit.silences = answered ? 0 : unit.silences + 1
    const pauseMs = Math.min(silentPauseMsMax, this.#settings.timeoutMs * 2 ** Math.min(unit.silences - 1, 16))
    unit.askAgainAt = this.#context.clock.now() + pauseMs * 1000
    unit.reads = recovered ? unit.plan : [...done, ...silent]
    if (recovered) unit.refused.clear()
  }

  async #read(read: Read): Promise<void> {
    const request = readRequest(read.table, read.address, read.count)
    const answer = await this.#client.request(read.unit, request)
    if (this.#closed) return
    this.#context.alive()
    const bytes = readAnswer(request, answer)
    const time = this.#context.clock.now()
    for (const { point } of read.spans)
      readPoint(this.#context.sink, point, (this.#points[point] as Point<ModbusAddress>).address, bytes, read.address, time)
  }

  /** Marks the points of a read; a lost connection is thrown on, for it is no fault of theirs. */
  #fault(read: Read, error: unknown): void {
    if (error instanceof NotConnected || this.#closed) throw error
    const quality = qualityOfFailure(error)
    const place = `${read.table} ${read.address}${read.count > 1 ? `–${read.address + read.count - 1}` : ''} of unit ${read.unit}`
    for (const { point } of read.spans) this.#context.sink.fault(point, quality, `${place}: ${messageOf(error)}`)
  }
}

function qualityOfFailure(error: unknown): Quality {
  if (error instanceof NoAnswer) return qualities.badNoCommunication.code
  if (!(error instanceof ModbusException)) return qualities.badDecoding.code
  if (deadUnitExceptions.has(error.code)) return qualities.badNoCommunication.code
  return error.code === illegalAddress ? qualities.badUnknownNode.code : qualities.badDeviceFailure.code
}

export const modbusDriver = defineDriver<ModbusSettings, ModbusAddress>({
  name: 'modbus',
  title: 'Modbus TCP',
  description:
    'Reads holding and input registers, coils and discrete inputs of PLCs, drives, meters and of units behind a gateway; writes holding registers and coils',
  settings: settingsSchema,
  address: addressSchema,
  create(settings, points, context) {
    checkPoints(points, settings.maxRegistersPerRead)
    return new ModbusDriver(settings, points, context)
  },
})
