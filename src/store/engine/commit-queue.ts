// Group commit: appends that arrive while the disk is busy are written as one record and made durable by one sync.
import { Overloaded, Rejected } from '#core/errors.ts'
import type { AppendResult, Delivery } from '#core/store.ts'
import { checkDeliveries, knownWith, type Known, type News } from '#store/delivery-check.ts'
import type { TimeSlice } from './time-slice.ts'

/** Bytes of appends that one record takes before it is written; the rest waits for the next. */
const groupBytesMax = 8 << 20

interface Request {
  readonly deliveries: readonly Delivery[]
  readonly bytes: number
  readonly resolve: (results: AppendResult[]) => void
  readonly reject: (error: unknown) => void
}

interface Checked {
  readonly request: Request
  readonly fresh: boolean[]
}

export interface CommitTarget extends Known {
  /** Whether memory has no room for more. */
  isFull(): boolean
  /** Resolves when there is room in memory; throws `RetryLater` when there will be none for long. */
  makeRoom(): Promise<void>
  /** Makes deliveries durable as one; throws `RetryLater` when nothing of them is kept. */
  write(deliveries: readonly Delivery[]): Promise<void>
  learn(news: News): void
  /** Fetches what applying the deliveries will ask for; absent where asking is quick. */
  prepare?(deliveries: readonly Delivery[]): Promise<void>
  apply(delivery: Delivery): AppendResult
}

export class CommitQueue {
  readonly #target: CommitTarget
  readonly #bytesMax: number
  readonly #slice: TimeSlice
  #waiting: Request[] = []
  #waitingBytes = 0
  #turn: Promise<unknown> = Promise.resolve()
  #running: Promise<void> | undefined
  /** How many wait to run between two groups. */
  #claims = 0
  /** Appends refused because too much was waiting. */
  refused = 0

  constructor(target: CommitTarget, bytesMax: number, slice: TimeSlice) {
    this.#target = target
    this.#bytesMax = bytesMax
    this.#slice = slice
  }

  append(deliveries: readonly Delivery[]): Promise<AppendResult[]> {
    const bytes = deliveries.reduce((sum, delivery) => sum + bytesOf(delivery), 0)
    if (bytes > this.#bytesMax)
      return Promise.reject(new Rejected(`${bytes} bytes in one append are more than the ${this.#bytesMax} allowed: send smaller batches`))
    if (this.#waitingBytes + bytes > this.#bytesMax) {
      this.refused++
      return Promise.reject(new Overloaded('more data arrives than the disk takes; send this again in a moment'))
    }
    this.#waitingBytes += bytes
    return new Promise((resolve, reject) => {
      this.#waiting.push({ deliveries, bytes, resolve, reject })
      this.#running ??= this.#run()
    })
  }

  /** Runs `act` between two groups. */
  exclusively<T>(act: () => Promise<T>): Promise<T> {
    this.#claims++
    return this.#inTurn(() => {
      this.#claims--
      return act()
    })
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(act)
    this.#turn = result.catch(() => {})
    return result
  }

  /** Resolves when nothing waits any more. */
  async drain(): Promise<void> {
    while (this.#running) await this.#running
  }

  async #run(): Promise<void> {
    // Appends of the same turn of the event loop share a group.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      try {
        await this.#target.makeRoom()
        await this.#inTurn(() => this.#commitGroups())
      } catch (error) {
        // Everything that waits fails with it: a later sequence of a source must not overtake one that was refused.
        for (const request of this.#takeAll()) request.reject(error)
      }
    }
    this.#running = undefined
  }

  #takeGroup(): Request[] {
    let bytes = 0
    let size = 0
    while (size < this.#waiting.length && (size === 0 || bytes + (this.#waiting[size] as Request).bytes <= groupBytesMax)) {
      bytes += (this.#waiting[size] as Request).bytes
      size++
    }
    this.#waitingBytes -= bytes
    return this.#waiting.splice(0, size)
  }

  #takeAll(): Request[] {
    this.#waitingBytes = 0
    return this.#waiting.splice(0)
  }

  /** Commits group after group while there is room and nobody else wants a turn; the next is on its way to the disk while one is applied. */
  async #commitGroups(): Promise<void> {
    let writing: Promise<Checked[]> | undefined = this.#write(this.#takeGroup())
    while (writing) {
      const written: Checked[] = await writing
      const goesOn = this.#waiting.length > 0 && this.#claims === 0 && !this.#target.isFull()
      writing = goesOn ? this.#write(this.#takeGroup()) : undefined
      writing?.catch(() => {})
      for (const one of written) {
        await this.#target.prepare?.(one.request.deliveries)
        this.#apply(one)
        await this.#slice.pause()
      }
    }
  }

  /** Makes a group durable. What it brings is known from then on, so that the next can be checked before this one is applied. */
  async #write(group: Request[]): Promise<Checked[]> {
    const news: News = { origins: new Map(), kinds: new Map() }
    const checked = group.flatMap((request) => check(request, knownWith(this.#target, news), news))
    const fresh = checked.flatMap(({ request, fresh }) => request.deliveries.filter((_, index) => fresh[index]))
    try {
      if (fresh.length > 0) await this.#target.write(fresh)
    } catch (error) {
      for (const { request } of checked) request.reject(error)
      throw error
    }
    this.#target.learn(news)
    return checked
  }

  #apply({ request, fresh }: Checked): void {
    try {
      const results = request.deliveries.map((delivery, index) =>
        fresh[index] ? this.#target.apply(delivery) : { stored: 0, duplicates: delivery.batch.count, replaced: 0, expired: 0 },
      )
      request.resolve(results)
    } catch (error) {
      request.reject(error)
    }
  }
}

/** Checks one append against what is known and what the group brought before it; a faulty one is rejected alone. */
function check(request: Request, known: Known, group: News): Checked[] {
  try {
    const { fresh, news } = checkDeliveries(request.deliveries, known)
    for (const [source, sequence] of news.origins) group.origins.set(source, sequence)
    for (const [path, kind] of news.kinds) group.kinds.set(path, kind)
    return [{ request, fresh }]
  } catch (error) {
    request.reject(error)
    return []
  }
}

/** About what a delivery takes on disk and in memory. */
export function bytesOf({ batch }: Delivery): number {
  const texts = batch.texts.reduce((sum, text) => sum + text.length, 0)
  return batch.arrays.reduce((sum, { data }) => sum + data.byteLength, 64 * batch.tags.length + 21 * batch.count + texts)
}
