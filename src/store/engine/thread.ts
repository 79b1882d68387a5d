// A thread that works for a store: acts by name, each with what it is given and what it answers, data only. Both ends: the main thread asks, the other
// one answers.
import { parentPort, Worker } from 'node:worker_threads'
import { messageOf, Rejected, RetryLater } from '#core/errors.ts'
import type { Damage } from './damage.ts'
import type { CommitGiven, Desk, RemoveGiven, RetainGiven } from './desk.ts'
import { buffersOf, type FrozenPart } from './frozen-part.ts'
import type { Survey, TagState, Totals } from './shelf.ts'

/** What a thread does at whose desk a shelf is changed. */
export interface DeskActs {
  begin: { given: undefined; answer: Totals | undefined }
  seal: { given: FrozenPart; answer: number }
  commit: { given: CommitGiven; answer: undefined }
  rollback: { given: undefined; answer: undefined }
  remove: { given: RemoveGiven; answer: { gone: number; left: TagState | undefined } }
  retain: { given: RetainGiven; answer: number[] }
  survey: { given: undefined; answer: Survey }
  shrink: { given: undefined; answer: undefined }
  /** The thread ends after it. */
  close: { given: undefined; answer: undefined }
}

type Given<Acts, Name extends keyof Acts> = Acts[Name] extends { given: infer Given } ? Given : never
type Answer<Acts, Name extends keyof Acts> = Acts[Name] extends { answer: infer Answer } ? Answer : never

interface Ask {
  readonly id: number
  readonly act: string
  readonly given: unknown
}

type Reply =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: { readonly name: string; readonly message: string } }
  | { readonly damage: { readonly what: string; readonly reason: string } }

interface Waiting {
  readonly resolve: (answer: never) => void
  readonly reject: (error: Error) => void
}

export class ThreadLink<Acts extends DeskActs> {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  readonly #ended: Promise<void>
  #nextId = 1
  #death: Error | undefined

  /** Starts the thread that runs a file, with data for it. */
  constructor(file: URL, workerData: unknown, damage: Damage) {
    this.#worker = new Worker(file, { workerData, name: 'store' })
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
  call<Name extends keyof Acts & string>(act: Name, given: Given<Acts, Name>, handedOver: ArrayBuffer[] = []): Promise<Answer<Acts, Name>> {
    if (this.#death) return Promise.reject(this.#death)
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      const ask: Ask = { id, act, given }
      this.#worker.postMessage(ask, handedOver)
    })
  }

  /** Lets the thread finish and end. */
  async close(): Promise<void> {
    await this.#link.call('close', undefined).catch(() => {})
    await this.#ended
  }

  /** The desk that stands in the thread. */
  desk(): Desk {
    const link = this.#link
    return {
      begin: () => link.call('begin', undefined),
      seal: (part) => link.call('seal', part, buffersOf(part)),
      commit: (given) => link.call('commit', given),
      rollback: () => link.call('rollback', undefined),
      remove: (given) => link.call('remove', given),
      retain: (given) => link.call('retain', given),
      survey: () => link.call('survey', undefined),
      shrink: () => link.call('shrink', undefined),
    }
  }

  get #link(): ThreadLink<DeskActs> {
    return this
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

/** In the thread: tells the main one of damage. */
export const tellDamage: Damage = (what, reason) => say({ damage: { what, reason } })

/** In the thread: does what it is asked. `close` answers by ending. */
export function answerAsks<Acts extends DeskActs>(
  acts: {
    readonly [Name in keyof Acts]: (given: Given<Acts, Name>) => Promise<Answer<Acts, Name> | void>
  },
): void {
  parentPort?.on('message', async ({ id, act, given }: Ask) => {
    try {
      const answer: unknown = await acts[act as keyof Acts](given as never)
      if (act === 'close') parentPort?.close()
      else say({ id, answer }, buffersIn(answer))
    } catch (error) {
      say({ id, error: { name: error instanceof Error ? error.name : 'Error', message: messageOf(error) } })
      if (act === 'close') parentPort?.close()
    }
  })
}

function say(reply: Reply, handedOver: ArrayBuffer[] = []): void {
  parentPort?.postMessage(reply, handedOver)
}

/** The memory of the columns of an answer, each once. */
function buffersIn(answer: unknown): ArrayBuffer[] {
  const found = new Set<ArrayBuffer>()
  for (const columns of Array.isArray(answer) ? answer : [answer])
    if (typeof columns === 'object' && columns !== null)
      for (const column of Object.values(columns)) if (ArrayBuffer.isView(column)) found.add(column.buffer as ArrayBuffer)
  return [...found]
}
