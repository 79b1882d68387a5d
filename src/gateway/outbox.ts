// The outbox: what has been collected and not yet acknowledged by the server, on disk, in order. One SQLite file.
import { randomUUID } from 'node:crypto'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { ConfigError, messageOf, RetryLater } from '#core/errors.ts'
import { emptyLedger } from '#core/ledger.ts'
import type { Micros } from '#core/time.ts'
import type { Ledger, NumberedFrame, SendResult } from '#core/uplink.ts'

export interface OutboxEntry {
  readonly connection: string
  /** Rows in the frame. */
  readonly count: number
  readonly frame: Uint8Array
}

export interface OutboxFrame extends OutboxEntry, NumberedFrame {}

export const outboxBytesMaxDefault = 1 << 30
export const outboxVersion = 1

/** SQLite's result code for a file that another process has locked. */
const sqliteBusy = 5
/** Free pages beyond which the file is shrunk. */
const freePagesMax = 4096

type Row = { sequence: number; connection: string; count: number; frame: Uint8Array }

export class Outbox {
  /** Random identity: sequences count within it, so a new file never looks like an old one. */
  readonly id: string
  readonly bytesMax: number
  #database: DatabaseSync
  #statements: Record<'insert' | 'next' | 'remove' | 'oldest' | 'saveLedger', StatementSync>
  #ledgers = new Map<string, Ledger>()
  #changed = new Set<string>()
  /** Highest acknowledged sequence that is not yet removed from the file. */
  #acknowledged = 0
  #removed = 0
  /** Highest sequence that the quota dropped. */
  #dropped = 0
  #bytes: number

  /** Opens or creates the file. Throws `ConfigError` when it cannot be used. */
  constructor(file: string, bytesMax = outboxBytesMaxDefault) {
    this.bytesMax = bytesMax
    try {
      this.#database = new DatabaseSync(file)
      this.#database.exec(
        'pragma auto_vacuum = incremental; pragma journal_mode = wal; pragma synchronous = full; pragma locking_mode = exclusive',
      )
      this.#migrate()
    } catch (error) {
      const mend =
        (error as { errcode?: number }).errcode === sqliteBusy
          ? 'end the other gateway that runs with this data folder'
          : 'move the file away to begin a new one, without what waits in it'
      throw new ConfigError(`cannot use the outbox ${file}: ${messageOf(error)}; ${mend}`)
    }
    this.#statements = {
      insert: this.#database.prepare('insert into frame (connection, count, time, frame) values (?, ?, ?, ?)'),
      next: this.#database.prepare('select sequence, connection, count, frame from frame where sequence > ? order by sequence limit ?'),
      remove: this.#database.prepare('delete from frame where sequence <= ?'),
      oldest: this.#database.prepare(
        'select sequence, connection, count, time, length(frame) as bytes from frame where sequence > ? order by sequence limit 1',
      ),
      saveLedger: this.#database.prepare(
        `insert or replace into ledger (connection, collected, sent, stored, duplicate, rejected, dropped) values (?, ?, ?, ?, ?, ?, ?)`,
      ),
    }
    this.id = (this.#database.prepare('select id from identity').get() as { id: string }).id
    for (const row of this.#database.prepare('select * from ledger').all() as unknown as (Omit<Ledger, 'buffered'> & {
      connection: string
    })[]) {
      const { connection, ...counts } = row
      this.#ledgers.set(connection, { ...emptyLedger(), ...counts })
    }
    const buffered = this.#database
      .prepare('select connection, sum(count) as count, sum(length(frame)) as bytes from frame group by connection')
      .all()
    for (const row of buffered as { connection: string; count: number; bytes: number }[]) this.#ledger(row.connection).buffered = row.count
    this.#bytes = (buffered as { bytes: number }[]).reduce((sum, { bytes }) => sum + bytes, 0)
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Source-independent age: when the oldest waiting frame was written, or null. */
  get oldest(): Micros | null {
    return (this.#statements.oldest.get(this.#acknowledged) as { time: number } | undefined)?.time ?? null
  }

  ledger(connection: string): Readonly<Ledger> {
    return this.#ledger(connection)
  }

  ledgers(): Iterable<Readonly<Ledger>> {
    return this.#ledgers.values()
  }

  /**
   * Makes entries durable in one transaction; only then they count as collected. Beyond the byte quota the oldest frames are dropped and counted.
   * Throws `RetryLater` when the disk does not take them; nothing has changed then.
   */
  append(entries: readonly OutboxEntry[], now: Micros): void {
    const before = new Map([...this.#ledgers].map(([name, ledger]) => [name, { ...ledger }]))
    const bytesBefore = this.#bytes
    const droppedBefore = this.#dropped
    try {
      this.#transaction(() => {
        for (const { connection, count, frame } of entries) {
          this.#statements.insert.run(connection, count, now, frame)
          const ledger = this.#change(connection)
          ledger.collected += count
          ledger.buffered += count
          this.#bytes += frame.length
        }
        this.#dropOldest()
      })
    } catch (error) {
      this.#ledgers = before
      this.#bytes = bytesBefore
      this.#dropped = droppedBefore
      throw new RetryLater(`the outbox cannot be written: ${messageOf(error)}; free disk space in the data folder`)
    }
  }

  /** The oldest frames after sequence `after`, at most `framesMax` and about `bytesMax` bytes, at least one if there is any. */
  next(after: number, framesMax: number, bytesMax: number): OutboxFrame[] {
    const frames: OutboxFrame[] = []
    let bytes = 0
    for (const row of this.#statements.next.iterate(Math.max(after, this.#acknowledged), framesMax) as Iterable<Row>) {
      bytes += row.frame.length
      if (frames.length > 0 && bytes > bytesMax) break
      frames.push(row)
    }
    return frames
  }

  /** Notes what the server did with frames. They leave the file with the next `append` or `tidy`; until then a crash only sends them again. */
  acknowledge(frames: readonly OutboxFrame[], results: readonly SendResult[]): void {
    frames.forEach(({ sequence, connection, count, frame }, index) => {
      if (sequence <= this.#acknowledged) return
      const { stored = 0, duplicate = 0 } = results[index] ?? {}
      const ledger = this.#change(connection)
      // A frame that the quota dropped while it was under way arrived after all.
      if (sequence <= this.#dropped) ledger.dropped -= count
      else {
        ledger.buffered -= count
        this.#bytes -= frame.length
      }
      ledger.sent += count
      ledger.stored += stored
      ledger.duplicate += duplicate
      ledger.rejected += count - stored - duplicate
      this.#acknowledged = sequence
    })
  }

  /** Samples that never reached the file because it could not be written: collected and dropped at once. */
  countDropped(connection: string, count: number): void {
    const ledger = this.#change(connection)
    ledger.collected += count
    ledger.dropped += count
  }

  /** Writes what is only noted and gives free space back; for idle moments. */
  tidy(): void {
    if (this.#acknowledged > this.#removed || this.#changed.size > 0) this.#transaction(() => {})
    const { freelist_count: free } = this.#database.prepare('pragma freelist_count').get() as { freelist_count: number }
    if (free > freePagesMax) this.#database.exec(`pragma incremental_vacuum(${freePagesMax})`)
  }

  /** Writes a copy of the file as it is now, whole without a log beside it. At once: no other connection may read the file. */
  copyTo(file: string): void {
    this.tidy()
    this.#database.prepare('vacuum into ?').run(file)
  }

  close(): void {
    if (!this.#database.isOpen) return
    try {
      this.tidy()
    } finally {
      this.#database.close()
    }
  }

  #transaction(act: () => void): void {
    this.#database.exec('begin immediate')
    try {
      act()
      if (this.#acknowledged > this.#removed) this.#statements.remove.run(this.#acknowledged)
      for (const name of this.#changed) {
        const { collected, sent, stored, duplicate, rejected, dropped } = this.#ledger(name)
        this.#statements.saveLedger.run(name, collected, sent, stored, duplicate, rejected, dropped)
      }
      this.#database.exec('commit')
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('rollback')
      throw error
    }
    this.#changed.clear()
    this.#removed = this.#acknowledged
  }

  #dropOldest(): void {
    while (this.#bytes > this.bytesMax) {
      const oldest = this.#statements.oldest.get(this.#acknowledged) as
        | { sequence: number; connection: string; count: number; bytes: number }
        | undefined
      if (!oldest) return
      const ledger = this.#change(oldest.connection)
      ledger.buffered -= oldest.count
      ledger.dropped += oldest.count
      this.#bytes -= oldest.bytes
      this.#dropped = oldest.sequence
      this.#statements.remove.run(oldest.sequence)
    }
  }

  #ledger(connection: string): Ledger {
    let ledger = this.#ledgers.get(connection)
    if (!ledger) this.#ledgers.set(connection, (ledger = emptyLedger()))
    return ledger
  }

  #change(connection: string): Ledger {
    this.#changed.add(connection)
    return this.#ledger(connection)
  }

  #migrate(): void {
    const { user_version: version } = this.#database.prepare('pragma user_version').get() as { user_version: number }
    if (version > outboxVersion)
      throw new ConfigError(`it was written by a newer Millwright (format ${version}, this one knows ${outboxVersion})`)
    if (version === outboxVersion) return
    this.#database.exec(`
      begin;
      create table identity (id text not null);
      create table frame (sequence integer primary key autoincrement, connection text not null, count integer not null, time integer not null, frame blob not null);
      create table ledger (connection text primary key, collected integer, sent integer, stored integer, duplicate integer, rejected integer, dropped integer);
      pragma user_version = ${outboxVersion};
    `)
    this.#database.prepare('insert into identity values (?)').run(randomUUID())
    this.#database.exec('commit')
  }
}

/**
 * Gives an outbox that was restored from a copy an identity of its own: numbers that were given after the copy was made will be given again
 * (docs/adr/0003-outbox-identity-and-sequence.md).
 */
export function renewIdentity(file: string): void {
  const database = new DatabaseSync(file)
  try {
    database.prepare('update identity set id = ?').run(randomUUID())
  } finally {
    database.close()
  }
}
