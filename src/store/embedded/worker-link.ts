// The main thread's end of the store's thread: asks, answers by id, and what happens when the thread dies.
import { Worker } from 'node:worker_threads'
import { Rejected, RetryLater } from '#core/errors.ts'
import type { Damage } from '#store/engine/damage.ts'
import type { Desk } from '#store/engine/desk.ts'
import { buffersOf } from '#store/engine/frozen-part.ts'
import type { ActName, Acts, Ask, Reply } from './worker-acts.ts'

interface Waiting {
  readonly resolve: (answer: never) => void
  readonly reject: (error: Error) => void
}

export class WorkerLink {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  readonly #ended: Promise<void>
  #nextId = 1
  #death: Error | undefined

  constructor(folder: string, damage: Damage) {
    this.#worker = new Worker(new URL('./store.worker.ts', import.meta.url), { workerData: { folder }, name: 'store' })
    this.#worker.on('message', (reply: Reply) => this.#take(reply, damage))
    this.#worker.on('error', (error: unknown) => this.#fail(error instanceof Error ? error : new Error(String(error))))
    this.#ended = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        this.#fail(new RetryLater('the thread that keeps telemetry has ended: start Millwright again'))
        resolve()
      })
    })
  }

  /** Rejects with the error of the act, or when the thread dies. `handedOver`: memory that changes hands instead of being copied. */
  call<Name extends ActName>(act: Name, given: Acts[Name]['given'], handedOver: ArrayBuffer[] = []): Promise<Acts[Name]['answer']> {
    if (this.#death) return Promise.reject(this.#death)
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      const ask: Ask<Name> = { id, act, given }
      this.#worker.postMessage(ask, handedOver)
    })
  }

  /** Lets the thread finish and end. */
  async close(): Promise<void> {
    await this.call('close', undefined).catch(() => {})
    await this.#ended
  }

  #take(reply: Reply, damage: Damage): void {
    if ('damage' in reply) return damage(reply.damage.what, reply.damage.reason)
    const waiting = this.#waiting.get(reply.id)
    this.#waiting.delete(reply.id)
    if ('error' in reply) {
      const { name, message } = reply.error
      const Kind = { Rejected, RetryLater }[name] ?? Error
      waiting?.reject(new Kind(message))
    } else waiting?.resolve(reply.answer as never)
  }

  #fail(error: Error): void {
    this.#death ??= error
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}

/** The desk that stands in the store's thread. */
export function workerDesk(worker: WorkerLink): Desk {
  return {
    begin: () => worker.call('begin', undefined),
    seal: (part) => worker.call('seal', part, buffersOf(part)),
    commit: (given) => worker.call('commit', given),
    rollback: () => worker.call('rollback', undefined),
    remove: (given) => worker.call('remove', given),
    retain: (given) => worker.call('retain', given),
    survey: () => worker.call('survey', undefined),
    shrink: () => worker.call('shrink', undefined),
  }
}
