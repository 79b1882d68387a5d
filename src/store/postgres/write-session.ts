// The one connection on which a partition's owner changes the shelf: a transaction at a time, its statements one after another, its first failure kept.
import type { ClientBase, Pool, PoolClient } from 'pg'
import { failure } from '#store/postgres/rows/failure.ts'
import { query, run, type Ask } from './sql.ts'
import { takeTurn } from './write-turns.ts'
import { confirmHolding, type Holding, type PartitionState } from './take-partition.ts'

/** The server ends a transaction whose owner is silent for so long, so that it holds up no successor. */
const silenceMs = 60_000
// The log is let go of when a commit returns, so that has to mean that it is durable.
const beginTransaction = `begin; set local idle_in_transaction_session_timeout = ${silenceMs};
  select set_config('synchronous_commit', 'on', true) where current_setting('synchronous_commit') = 'off'`

export class WriteSession {
  readonly #pool: Pool
  readonly #holding: Holding
  #client: PoolClient | undefined
  #endTurn: (() => void) | undefined
  #turn: Promise<unknown> = Promise.resolve()
  #failure: unknown

  constructor(pool: Pool, holding: Holding) {
    this.#pool = pool
    this.#holding = holding
  }

  get partition(): number {
    return this.#holding.partition
  }

  /** Throws `TakenOver` when the partition has another owner. */
  async begin(): Promise<PartitionState> {
    this.#failure = undefined
    this.#endTurn = await takeTurn(this.#pool)
    try {
      const client = (this.#client = await this.#pool.connect())
      await run(client, beginTransaction)
      return await confirmHolding(client, this.#holding)
    } catch (error) {
      this.#release(true)
      throw failure(error, 'telemetry cannot be written')
    }
  }

  ask: Ask = (statement, values) => this.run((client) => query(client, statement, values))

  /** Runs statements behind those before and ahead of those after. Throws what failed first in the transaction. */
  run<T>(act: (client: ClientBase) => Promise<T>): Promise<T> {
    const result = this.#turn.then(async () => {
      if (this.#failure !== undefined) throw this.#failure
      try {
        return await act(this.#client as PoolClient)
      } catch (error) {
        this.#failure = failure(error, 'telemetry cannot be written')
        throw this.#failure
      }
    })
    this.#turn = result.catch(() => {})
    return result
  }

  async commit(): Promise<void> {
    await this.run((client) => run(client, 'commit'))
    this.#release(false)
  }

  /** Never throws. */
  async rollback(): Promise<void> {
    await this.#turn
    // Whatever state the connection is in, its end is the end of the transaction.
    this.#release(true)
  }

  #release(isBroken: boolean): void {
    this.#client?.release(isBroken)
    this.#client = undefined
    this.#endTurn?.()
    this.#endTurn = undefined
  }
}
