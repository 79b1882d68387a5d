// Sees to it that days are rolled up, that what is not kept any more goes, and that the disk does not fill: beyond the quota the oldest goes first.
import type { Log } from '#core/driver.ts'
import { messageOf } from '#core/errors.ts'
import { retentionOf, type RetentionRules } from '#core/retention.ts'
import { dayUs, formatTime } from '#core/time.ts'
import type { Desk } from './desk.ts'
import type { Keeping } from './roll-up.ts'
import type { Sealer } from './sealer.ts'
import type { Series } from './series.ts'
import type { Telemetry } from './telemetry.ts'

export interface RetentionSettings {
  readonly rules: RetentionRules
  /** Bytes that the store may take on the disk; Infinity: as many as there are. */
  readonly bytesMax: number
}

interface RetentionParts {
  readonly telemetry: Telemetry
  readonly sealer: Sealer
  readonly desk: Desk
  readonly bytesOnDisk: () => number
  readonly settings: RetentionSettings
  readonly report: Log
}

/** Tags per transaction. */
const groupTags = 256
/** Beyond this part of the quota it is said; the oldest goes until that much is left free. */
const warnAt = 0.9
const freeUntil = 0.92

export class Retention {
  readonly #parts: RetentionParts
  readonly #keepOf: ReturnType<typeof retentionOf>
  /** Until which day each tag was seen to last. */
  readonly #seen = new WeakMap<Series, number>()
  #running: Promise<void> | undefined
  /** What is to be said of the quota right now. */
  notice: string | undefined

  constructor(parts: RetentionParts) {
    this.#parts = parts
    this.#keepOf = retentionOf(parts.settings.rules)
  }

  /** Does what is due; once a day per tag, and whenever the quota is passed. Never rejects. */
  look(): Promise<void> {
    this.#running ??= this.#look()
      .catch((error: unknown) => this.#parts.report.warn(`cannot let go of old telemetry (${messageOf(error)}); it is tried again`))
      .finally(() => (this.#running = undefined))
    return this.#running
  }

  async #look(): Promise<void> {
    const due = [...this.#parts.telemetry.series.values()].filter((series) => settledDay(series) > (this.#seen.get(series) ?? -Infinity))
    await this.#retain(due, (series) => this.#keeping(series).raw)
    await this.#keepQuota()
  }

  /** The first day that each tier keeps, counted back from the newest sample: a clock that runs away, or a tag that is silent, costs nothing. */
  #keeping(series: Series): Keeping {
    const { raw, minutes, hours } = this.#keepOf(series.path)
    const firstDay = (days: number) => Math.floor(series.latestTime / dayUs - days)
    return { raw: firstDay(raw), minute: firstDay(minutes), hour: firstDay(hours) }
  }

  async #retain(all: readonly Series[], rawFrom: (series: Series) => number): Promise<void> {
    const { sealer, desk } = this.#parts
    for (let at = 0; at < all.length; at += groupTags) {
      const group = all.slice(at, at + groupTags)
      await sealer.change(async (totals) => {
        const tags = group.map((series) => {
          const until = settledDay(series)
          const raw = Math.max(keptDay(series), Math.min(rawFrom(series), until))
          series.keptFrom = Math.max(series.keptFrom, raw * dayUs)
          this.#seen.set(series, until)
          return { id: series.id, kind: series.kind, until, keep: { ...this.#keeping(series), raw } }
        })
        const gone = await desk.retain({ tags, totals })
        return { gone: gone.reduce((sum, count) => sum + count, 0), answer: undefined }
      })
    }
  }

  async #keepQuota(): Promise<void> {
    const { bytesOnDisk, report, settings, desk, telemetry } = this.#parts
    const { bytesMax } = settings
    const before = this.notice
    if (bytesOnDisk() <= bytesMax * warnAt) this.notice = undefined
    else {
      this.notice = `the store takes ${inMegabytes(bytesOnDisk())} of ${inMegabytes(bytesMax)}: beyond that the oldest samples go; raise the quota, or keep less`
      if (before === undefined) report.warn(this.notice)
    }
    if (bytesOnDisk() <= bytesMax) return
    let first: number | undefined
    for (;;) {
      const { firstDay, bytesUsed } = await desk.survey()
      if (bytesUsed <= bytesMax * freeUntil || firstDay === undefined || firstDay === first) break
      first = firstDay
      await this.#retain([...telemetry.series.values()], () => firstDay + 1)
      report.warn(`the store is over its quota: samples before ${formatTime((firstDay + 1) * dayUs)} went, their roll-ups stay`)
    }
    await desk.shrink()
  }
}

/** The day of a tag's newest sample, or of its oldest one in memory: days before are at rest, and may be rolled up and let go. */
function settledDay({ latestTime, frozen, hot, frozenArrays, hotArrays }: Series): number {
  const firsts = [frozen, hot].map(({ count, time }) => (count > 0 ? (time[0] as number) : Infinity))
  const arrays = [frozenArrays, hotArrays].map(([first]) => first?.time ?? Infinity)
  return Math.floor(Math.min(latestTime, ...firsts, ...arrays) / dayUs)
}

const keptDay = ({ keptFrom }: Series) => Math.ceil(keptFrom / dayUs)
const inMegabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`
