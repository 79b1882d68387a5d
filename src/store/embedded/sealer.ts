// Moves what is hot into the database, in short slices, in one transaction, and then lets go of the log that covered it.
// Until that has worked the log and the frozen rows stay: a full disk costs nothing but memory.
import { messageOf } from '#core/errors.ts'
import type { Log } from '#core/driver.ts'
import type { ArrayTable } from './array-table.ts'
import type { ChunkTable } from './chunk-table.ts'
import type { Database } from './database.ts'
import { sealRows } from './seal-rows.ts'
import { thaw, type Series } from './series.ts'
import type { Telemetry } from './telemetry.ts'
import type { TimeSlice } from './time-slice.ts'
import type { WriteAheadLog } from './write-ahead-log.ts'

export interface SealerParts {
  readonly telemetry: Telemetry
  readonly chunks: ChunkTable
  readonly arrays: ArrayTable
  readonly database: Database
  readonly log: WriteAheadLog
  readonly report: Log
  readonly slice: TimeSlice
  /** Runs `act` while no append is under way. */
  readonly exclusively: <T>(act: () => Promise<T>) => Promise<T>
}

interface Frozen {
  readonly series: Series[]
  readonly origins: Map<string, number>
  /** The last log segment that holds any of it. */
  readonly segment: number
}

export class Sealer {
  readonly #parts: SealerParts
  #frozen: Frozen | undefined
  #running: Promise<void> | undefined
  #needsFlush = false
  #sealedSamples = 0
  /** Segments that may be deleted once the database is flushed. */
  #committedSegment = 0
  /** Origins that have been written to the database. */
  readonly #savedOrigins = new Map<string, number>()
  /** Why the last attempt failed; undefined after one that worked. */
  failure: string | undefined

  constructor(parts: SealerParts) {
    this.#parts = parts
  }

  /** Whether rows are frozen: being sealed, or waiting to be after a failure. */
  get isFrozen(): boolean {
    return this.#frozen !== undefined
  }

  /** Takes tags, newest samples, origins and counts from the database; returns the last sealed log segment. */
  load(): number {
    const { telemetry, database } = this.#parts
    for (const row of database.reader.prepare('select * from tag order by id').iterate()) {
      const { id, path, kind, latest_time, latest_value, latest_quality, latest_text } = row as unknown as TagRow
      const series = telemetry.addTag(path, kind, id)
      if (latest_time === null) continue
      series.latestTime = series.sealedEnd = latest_time
      series.latestValue = new Float64Array((latest_value as Uint8Array).slice().buffer)[0] as number
      series.latestQuality = latest_quality
      series.latestText = latest_text
    }
    for (const row of database.reader.prepare('select source, sequence from origin').iterate()) {
      telemetry.origins.set(row['source'] as string, row['sequence'] as number)
      this.#savedOrigins.set(row['source'] as string, row['sequence'] as number)
    }
    const meta = (name: string) => Number(database.reader.prepare('select value from meta where name = ?').get(name)?.['value'] ?? 0)
    telemetry.samples = this.#sealedSamples = meta('samples')
    return (this.#committedSegment = meta('segment'))
  }

  /** Seals what is hot, or tries again what failed before. Never rejects: see `failure`. */
  seal(): Promise<void> {
    this.#running ??= this.#attempt().finally(() => (this.#running = undefined))
    return this.#running
  }

  async #attempt(): Promise<void> {
    const { report } = this.#parts
    try {
      if (this.#needsFlush) await this.#letGo()
      this.#frozen ??= await this.#freeze()
      if (this.#frozen) {
        await this.#write(this.#frozen)
        this.#frozen = undefined
        await this.#letGo()
      }
      if (this.failure !== undefined) report.info('sealing works again')
      this.failure = undefined
    } catch (error) {
      if (this.failure === undefined)
        report.warn(`cannot seal telemetry (${messageOf(error)}); it stays in the log and is tried again: free space on that disk`)
      this.failure = messageOf(error)
    }
  }

  async #freeze(): Promise<Frozen | undefined> {
    const { telemetry, log, exclusively } = this.#parts
    return exclusively(async () => {
      if (log.bytes === 0) return undefined
      const segment = await log.rotate()
      return { segment, series: telemetry.freezeAll(), origins: new Map(telemetry.origins) }
    })
  }

  async #write({ series, origins, segment }: Frozen): Promise<void> {
    const { chunks, database } = this.#parts
    const { writer } = database
    writer.exec('begin immediate')
    try {
      const samples = this.#sealedSamples + (await this.#writeSeries(series))
      const saveOrigin = writer.prepare('insert into origin values(?, ?) on conflict(source) do update set sequence = excluded.sequence')
      for (const [source, sequence] of origins) if (this.#savedOrigins.get(source) !== sequence) saveOrigin.run(source, sequence)
      const saveMeta = writer.prepare('insert into meta values(?, ?) on conflict(name) do update set value = excluded.value')
      saveMeta.run('samples', samples)
      saveMeta.run('segment', segment)
      writer.exec('commit')
      chunks.committed()
      this.#sealedSamples = samples
    } catch (error) {
      if (writer.isTransaction) writer.exec('rollback')
      chunks.rolledBack()
      throw error
    }
    for (const one of series) thaw(one)
    for (const [source, sequence] of origins) this.#savedOrigins.set(source, sequence)
    this.#committedSegment = segment
    this.#needsFlush = true
  }

  async #writeSeries(series: readonly Series[]): Promise<number> {
    const { arrays, chunks, database, slice } = this.#parts
    const saveTag = database.writer.prepare(`insert into tag values(?, ?, ?, ?, ?, ?, ?) on conflict(id) do update set
      latest_time = excluded.latest_time, latest_value = excluded.latest_value,
      latest_quality = excluded.latest_quality, latest_text = excluded.latest_text`)
    let grown = 0
    for (const one of series) {
      const { id, frozen, frozenArrays } = one
      const value = new Uint8Array(Float64Array.of(one.latestValue).buffer)
      saveTag.run(id, one.path, one.kind, one.latestTime, value, one.latestQuality, one.latestText)
      if (frozenArrays.length > 0) grown += await arrays.write(id, frozenArrays)
      if (frozen.count === 0) continue
      const steps = sealRows(chunks, id, frozen)
      let step = steps.next()
      for (; !step.done; step = steps.next()) await slice.pause()
      grown += step.value
    }
    return grown
  }

  /** Makes the committed transaction durable, and only then deletes the log that covered it. */
  async #letGo(): Promise<void> {
    await this.#parts.database.flush()
    await this.#parts.log.drop(this.#committedSegment)
    this.#needsFlush = false
  }
}

interface TagRow {
  id: number
  path: string
  kind: Series['kind']
  latest_time: number | null
  latest_value: Uint8Array | null
  latest_quality: number
  latest_text: string
}
