// Turns one protocol server on and off as its machine comes and goes; one change at a time, tried again at each call until it holds.
import type { Log } from '#core/driver.ts'
import { messageOf } from '#core/errors.ts'
import type { ProtocolServer, Snapshot } from './servers/protocol-server.ts'

export class ServerLife {
  readonly server: ProtocolServer
  #log: Log
  #up = false
  #changing: Promise<void> | undefined
  #failing = false

  constructor(server: ProtocolServer, log: Log) {
    this.server = server
    this.#log = log
  }

  /** The first start: throws when it fails. */
  async start(): Promise<void> {
    await this.server.start()
    this.#up = true
  }

  /** Begins to bring the server to where it should be, unless a change is under way: call again. */
  want(online: boolean): void {
    if (this.#changing || this.#up === online) return
    this.#changing = this.#change(online).finally(() => {
      this.#changing = undefined
    })
  }

  publish(snapshot: Snapshot): void {
    if (this.#up && !this.#changing) this.server.publish(snapshot)
  }

  async stop(): Promise<void> {
    await this.#changing
    if (this.#up) await this.#change(false)
  }

  async #change(online: boolean): Promise<void> {
    try {
      await (online ? this.server.start() : this.server.stop())
      this.#up = online
      this.#failing = false
    } catch (error) {
      if (!this.#failing) this.#log.warn(`${messageOf(error)}; goes on trying`)
      this.#failing = true
    }
  }
}
