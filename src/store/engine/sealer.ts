// Moves what is hot to the shelf, in one transaction, and then lets go of the log that covered it. Until that has worked the log
// and the frozen rows stay: a full disk costs nothing but memory. Whatever else changes the shelf takes its turn here.
import { messageOf, RetryLater } from '#core/errors.ts'
import type { Log } from '#core/driver.ts'
import type { Desk } from './desk.ts'
import { packFrozen } from './frozen-part.ts'
import type { RecordLog } from './record-log.ts'
import { thaw, type Series } from './series.ts'
import type { SealedLookup, Totals } from './shelf.ts'
import type { Telemetry } from './telemetry.ts'

/** Rows, and tags, of one part of what is sealed; so many parts are on their way at once. */
const partRows = 1 << 16
const partTags = 512
const partsUnderWay = 3

export interface SealerParts {
  readonly telemetry: Telemetry
  readonly lookup: SealedLookup
  readonly desk: Desk
  readonly log: RecordLog
  readonly report: Log
  /** What to do when the shelf takes nothing. */
  readonly mend: string
  readonly pause: () => Promise<void>
  /** Runs `act` while no append is under way. */
  readonly exclusively: <T>(act: () => Promise<T>) => Promise<T>
}

interface Frozen {
  readonly series: Series[]
  /** Samples in memory and on the shelf at that time. */
  samples: number
  readonly origins: Map<string, number>
  readonly replaced: number
  readonly expired: number
  /** The last log segment that holds any of it. */
  readonly segment: number
}

type Exclusively = SealerParts['exclusively']
/** Changes the shelf, given what is counted of it; answers how many samples went. */
type Change<T> = (sealed: Totals) => Promise<{ gone: number; answer: T }>

export class Sealer {
  readonly #parts: SealerParts
  #frozen: Frozen | undefined
  #running: Promise<void> | undefined
  #whenFrozen: (() => void)[] = []
  #turn: Promise<unknown> = Promise.resolve()
  #sealed: Totals = { samples: 0, replaced: 0, expired: 0 }
  /** Origins that are on the shelf. */
  #savedOrigins = new Map<string, number>()
  /** Segments that may be deleted. */
  #committedSegment = 0
  /** Why the last attempt failed; undefined after one that worked. */
  failure: string | undefined

  constructor(parts: SealerParts) {
    this.#parts = parts
  }

  /** Begins with what the shelf holds. */
  begin(sealed: Totals & { segment: number }): void {
    const { segment, ...totals } = sealed
    this.#sealed = totals
    this.#committedSegment = segment
    this.#savedOrigins = new Map(this.#parts.telemetry.origins)
  }

  /** Whether rows are frozen: being sealed, or waiting to be after a failure. */
  get isFrozen(): boolean {
    return this.#frozen !== undefined
  }

  /** What is counted of that which is on the shelf. */
  get sealed(): Totals {
    return this.#sealed
  }

  /** Seals what is hot, or tries again what failed before. Never rejects: see `failure`. */
  seal(): Promise<void> {
    this.#running ??= this.#inTurn(() => this.#attempt(this.#parts.exclusively)).finally(() => (this.#running = undefined))
    return this.#running
  }

  /** Begins to seal, and resolves as soon as what was hot is frozen, so that there is room again. */
  async freeze(): Promise<void> {
    const frozen = new Promise<void>((resolve) => this.#whenFrozen.push(resolve))
    await Promise.race([frozen, this.seal()])
  }

  /** Runs `act`, which changes the shelf, while nothing is sealed. */
  change<T>(act: Change<T>): Promise<T> {
    return this.#inTurn(() => this.#apply(act))
  }

  /** The same while appends wait, nothing is in memory only, and the log is empty. Throws `RetryLater` when that cannot be had. */
  async changeAlone<T>(act: Change<T>): Promise<T> {
    await this.seal()
    return this.#inTurn(() =>
      this.#parts.exclusively(async () => {
        await this.#attempt((act) => act())
        if (this.failure !== undefined)
          throw new RetryLater(`telemetry cannot be sealed now (${this.failure}); try again when that is mended`)
        return this.#apply(act)
      }),
    )
  }

  async #apply<T>(act: Change<T>): Promise<T> {
    const { gone, answer } = await act(this.#sealed)
    this.#sealed = { ...this.#sealed, samples: this.#sealed.samples - gone }
    this.#parts.telemetry.samples -= gone
    if (this.#frozen) this.#frozen.samples -= gone
    this.#parts.lookup.forget()
    return answer
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(act)
    this.#turn = result.catch(() => {})
    return result
  }

  async #attempt(exclusively: Exclusively): Promise<void> {
    const { log, report, mend } = this.#parts
    try {
      this.#frozen ??= await this.#freeze(exclusively)
      for (const go of this.#whenFrozen.splice(0)) go()
      if (this.#frozen) {
        await this.#write(this.#frozen)
        this.#frozen = undefined
      }
      await log.drop(this.#committedSegment)
      if (this.failure !== undefined) report.info('sealing works again')
      this.failure = undefined
    } catch (error) {
      if (this.failure === undefined)
        report.warn(`cannot seal telemetry (${messageOf(error)}); it stays in the log and is tried again: ${mend}`)
      this.failure = messageOf(error)
    }
  }

  async #freeze(exclusively: Exclusively): Promise<Frozen | undefined> {
    const { telemetry, log } = this.#parts
    return exclusively(async () => {
      if (log.bytes === 0) return undefined
      const segment = await log.rotate()
      const { samples, replaced, expired } = telemetry
      return { segment, series: telemetry.freezeAll(), origins: new Map(telemetry.origins), samples, replaced, expired }
    })
  }

  async #write(frozen: Frozen): Promise<void> {
    const { series, origins, segment, replaced, expired } = frozen
    const { desk, lookup, telemetry } = this.#parts
    let totals: Totals
    try {
      this.#sealed = (await desk.begin()) ?? this.#sealed
      const grown = await this.#sendParts(series)
      totals = { samples: this.#sealed.samples + grown, replaced, expired }
      const fresh = new Map([...origins].filter(([source, sequence]) => this.#savedOrigins.get(source) !== sequence))
      await desk.commit({ totals, segment, origins: fresh })
    } catch (error) {
      await desk.rollback().catch(() => {})
      throw error
    }
    // From here to the end without a pause: reading must not see both, or neither, of what was frozen and what is sealed.
    for (const one of series) thaw(one)
    lookup.forget()
    // Where a late row could not be looked up, it is known now whether it was there before.
    telemetry.samples += totals.samples - frozen.samples
    this.#sealed = totals
    this.#savedOrigins = origins
    this.#committedSegment = segment
  }

  async #sendParts(series: readonly Series[]): Promise<number> {
    const { desk, pause } = this.#parts
    const underWay = new Set<Promise<void>>()
    const failures: unknown[] = []
    let grown = 0
    const send = async (part: Series[]) => {
      try {
        const more = await desk.seal(packFrozen(part))
        grown += more
      } catch (error) {
        failures.push(error)
      }
    }
    for (const part of partsOf(series)) {
      if (failures.length > 0) break
      const sent: Promise<void> = send(part).finally(() => underWay.delete(sent))
      underWay.add(sent)
      if (underWay.size >= partsUnderWay) await Promise.race(underWay)
      await pause()
    }
    await Promise.all(underWay)
    if (failures.length > 0) throw failures[0]
    return grown
  }
}

function* partsOf(series: readonly Series[]): Generator<Series[]> {
  let part: Series[] = []
  let rows = 0
  for (const one of series) {
    part.push(one)
    rows += one.frozen.count
    if (rows < partRows && part.length < partTags) continue
    yield part
    part = []
    rows = 0
  }
  if (part.length > 0) yield part
}
