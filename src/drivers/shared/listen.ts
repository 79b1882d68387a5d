// The listening TCP port of a driver to which devices come: opened, watched, closed; and in one plain sentence why it could not be opened.
import type { Server } from 'node:net'
import { every } from '#core/clock.ts'
import type { DriverContext } from '#core/driver.ts'
import { NotConnected } from '#core/errors.ts'

export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** How often a listening port says that it lives. */
export const aliveIntervalMs = 5000

export class ListeningPort {
  #server: Server
  #address: ListenAddress
  /** What listens, e.g. `MQTT broker`. */
  #name: string
  #context: Pick<DriverContext, 'clock' | 'log' | 'lost' | 'alive'>
  #stopAlive = () => {}
  #closed = false

  constructor(server: Server, address: ListenAddress, name: string, context: Pick<DriverContext, 'clock' | 'log' | 'lost' | 'alive'>) {
    this.#server = server
    this.#address = address
    this.#name = name
    this.#context = context
  }

  /** Throws `NotConnected`, for a port that is taken may become free, and leaves nothing open then. */
  async open(signal: AbortSignal): Promise<void> {
    const { host, port } = this.#address
    try {
      await this.#listen()
      signal.throwIfAborted()
      if (this.#closed) throw new NotConnected(`the ${this.#name} was closed while it started`)
    } catch (error) {
      await this.close()
      throw error
    }
    this.#server.on('error', (error) => this.#context.lost(new NotConnected(`the ${this.#name} failed: ${error.message}`)))
    this.#stopAlive = every(this.#context.clock, aliveIntervalMs, () => {
      if (this.#server.listening) this.#context.alive()
    })
    this.#context.log.info(`${this.#name} listens on ${host}:${port}`)
  }

  /** Resolves when its last connection has ended. */
  async close(): Promise<void> {
    this.#closed = true
    this.#stopAlive()
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve))
  }

  #listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      const failed = (error: Error) => reject(cannotListen(error, this.#address, `the ${this.#name} of this connection`))
      this.#server.once('error', failed)
      this.#server.listen(this.#address.port, this.#address.host, () => {
        this.#server.off('error', failed)
        resolve()
      })
    })
  }
}

/** Why a port could not be opened, what needs it, and the setting that changes it. */
export function cannotListen(error: NodeJS.ErrnoException, { host, port }: ListenAddress, purpose: string): NotConnected {
  const reasons: Record<string, string> = {
    EADDRINUSE: `port ${port} on ${host} is taken by another program`,
    EACCES: `port ${port} on ${host} may not be opened by this user`,
    EADDRNOTAVAIL: `the address ${host} is not one of this computer's`,
    ENOTFOUND: `the host name ${host} is not known`,
  }
  const reason = reasons[error.code ?? ''] ?? `port ${port} on ${host} could not be opened (${error.message})`
  const setting = error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND' ? 'host' : 'port'
  return new NotConnected(`${reason}; ${purpose} needs it: free it, or change the setting "${setting}" of this connection`)
}
