// A Modbus TCP client for one socket: several requests in flight, answers matched by transaction id, every wait bounded.
// It never reconnects (Modbus Messaging on TCP/IP V1.0b).
import { connect, type Socket } from 'node:net'
import type { Clock } from '#core/clock.ts'
import { NotConnected } from '#core/errors.ts'
import { networkReason } from '#drivers/shared/network-reason.ts'
import { WrongAnswer } from './pdu.ts'

/** No answer came in time: the unit may be dead, the others need not be. */
export class NoAnswer extends Error {
  override name = 'NoAnswer'
}

export interface TcpClientOptions {
  readonly host: string
  readonly port: number
  readonly timeoutMs: number
  readonly requestsInFlight: number
  readonly clock: Clock
  /** Called once when an established connection ends without `close`. */
  readonly lost: (error: NotConnected) => void
}

interface Transaction {
  readonly unit: number
  readonly request: Buffer
  readonly resolve: (answer: Buffer) => void
  readonly reject: (error: Error) => void
  cancelTimeout?: () => void
}

const connectTimeoutMs = 5000
const headerBytes = 7
/** Unit and PDU, as the header counts them. */
const lengthMin = 3
const lengthMax = 254

export class ModbusTcpClient {
  #options: TcpClientOptions
  #place: string
  #socket: Socket | undefined
  /** Why nothing can be sent any more. */
  #ended: NotConnected | undefined
  #established = false
  #waiting: Transaction[] = []
  #inFlight = new Map<number, Transaction>()
  #transaction = 0
  #received: Buffer = Buffer.alloc(0)
  /** Answers nobody waited for: they came too late, or were another's. */
  #strays = 0

  constructor(options: TcpClientOptions) {
    this.#options = options
    this.#place = `${options.host}:${options.port}`
  }

  /** Throws `NotConnected` with the reason, within five seconds. */
  connect(signal: AbortSignal): Promise<void> {
    const { clock, host, port } = this.#options
    return new Promise((resolve, reject) => {
      if (this.#ended ?? signal.aborted) return reject(this.#ended ?? aborted(this.#place))
      const socket = connect({ host, port, noDelay: true })
      this.#socket = socket
      const abort = () => this.#end(aborted(this.#place))
      const cancelTimeout = clock.after(connectTimeoutMs, () =>
        this.#end(
          new NotConnected(`${this.#place} does not answer within ${connectTimeoutMs} ms; is the address right and the device on?`),
        ),
      )
      signal.addEventListener('abort', abort, { once: true })
      socket.once('connect', () => {
        this.#established = true
        settle()
        resolve()
      })
      socket.on('data', (chunk: Buffer) => this.#take(chunk))
      socket.on('error', (error) => this.#end(new NotConnected(`${this.#place}: ${networkReason(error)}`)))
      socket.on('close', () => {
        this.#end(new NotConnected(`${this.#place} closed the connection`))
        settle()
        reject(this.#ended)
      })
      const settle = () => {
        cancelTimeout()
        signal.removeEventListener('abort', abort)
      }
    })
  }

  /** Sends a PDU to a unit and gives the answer's PDU. An urgent one overtakes what still waits. Throws `NoAnswer`, `WrongAnswer` or `NotConnected`. */
  request(unit: number, request: Buffer, urgent = false): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (this.#ended || !this.#established) return reject(this.#ended ?? new NotConnected(`${this.#place} is not connected yet`))
      const transaction = { unit, request, resolve, reject }
      if (urgent) this.#waiting.unshift(transaction)
      else this.#waiting.push(transaction)
      this.#send()
    })
  }

  /** Ends everything that waits with `NotConnected`; resolves when the socket is gone. */
  async close(): Promise<void> {
    this.#established = false
    this.#end(new NotConnected(`the connection to ${this.#place} was closed`))
    const socket = this.#socket
    if (socket && !socket.closed) await new Promise<void>((resolve) => socket.once('close', () => resolve()))
  }

  #send(): void {
    while (this.#inFlight.size < this.#options.requestsInFlight) {
      const transaction = this.#waiting.shift()
      if (!transaction) return
      const id = this.#transaction
      this.#transaction = (id + 1) & 0xffff
      const frame = Buffer.alloc(headerBytes + transaction.request.length)
      frame.writeUInt16BE(id, 0)
      frame.writeUInt16BE(transaction.request.length + 1, 4)
      frame[6] = transaction.unit
      transaction.request.copy(frame, headerBytes)
      this.#inFlight.set(id, transaction)
      transaction.cancelTimeout = this.#options.clock.after(this.#options.timeoutMs, () => this.#giveUp(id, transaction))
      this.#socket?.write(frame)
    }
  }

  #giveUp(id: number, { unit, reject }: Transaction): void {
    this.#inFlight.delete(id)
    const hint = this.#strays > 0 ? `; ${this.#strays} answers came too late or for nobody: is timeoutMs long enough?` : ''
    reject(new NoAnswer(`unit ${unit} did not answer within ${this.#options.timeoutMs} ms${hint}`))
    this.#send()
  }

  #take(chunk: Buffer): void {
    let rest = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    while (rest.length >= headerBytes && !this.#ended) {
      const length = rest.readUInt16BE(4)
      if (rest.readUInt16BE(2) !== 0 || length < lengthMin || length > lengthMax) {
        this.#end(new NotConnected(`${this.#place} does not speak Modbus TCP: it sent ${rest.subarray(0, headerBytes).toString('hex')}`))
        return
      }
      const end = headerBytes - 1 + length
      if (rest.length < end) break
      this.#settle(rest.readUInt16BE(0), rest[6] as number, rest.subarray(headerBytes, end))
      rest = rest.subarray(end)
    }
    this.#received = rest
  }

  #settle(id: number, unit: number, answer: Buffer): void {
    const transaction = this.#inFlight.get(id)
    if (!transaction) {
      this.#strays++
      return
    }
    this.#inFlight.delete(id)
    transaction.cancelTimeout?.()
    if (unit === transaction.unit) transaction.resolve(answer)
    else transaction.reject(new WrongAnswer(`unit ${unit} answered where unit ${transaction.unit} was asked`))
    this.#send()
  }

  #end(error: NotConnected): void {
    if (this.#ended) return
    this.#ended = error
    this.#socket?.destroy()
    for (const { reject, cancelTimeout } of [...this.#inFlight.values(), ...this.#waiting]) {
      cancelTimeout?.()
      reject(error)
    }
    this.#inFlight.clear()
    this.#waiting = []
    if (this.#established) this.#options.lost(error)
  }
}

const aborted = (place: string) => new NotConnected(`connecting to ${place} was given up`)
