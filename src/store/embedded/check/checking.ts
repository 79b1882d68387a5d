// What the parts of a check share: a store that only they read, and whoever hears what they find.
import type { DatabaseSync } from 'node:sqlite'
import type { TagPath } from '#core/path.ts'
import type { Kind } from '#core/tag.ts'
import type { SqliteReader } from '#store/embedded/sqlite-reader.ts'
import type { SqliteWriter } from '#store/embedded/sqlite-writer.ts'

/** Something that is not as it should be. */
export interface Finding {
  /** What is wrong, in plain words. */
  readonly text: string
  /** What to do about it. */
  readonly mend: string
  /** Mends it without losing anything, inside a transaction; absent where that cannot be. */
  readonly repair?: (shelf: SqliteWriter, connection: DatabaseSync) => void | Promise<void>
}

export interface Checking {
  readonly connection: DatabaseSync
  readonly reader: SqliteReader
  readonly found: (finding: Finding) => void
  /** One chunk or array more has been read. */
  readonly step: () => Promise<void>
}

/** A tag as the database has it. */
export interface CheckedTag {
  readonly id: number
  readonly path: TagPath
  readonly kind: Kind
  readonly latest_time: number | null
  readonly latest_value: Uint8Array | null
  readonly latest_quality: number | null
  readonly latest_text: string | null
  readonly kept_from: number | null
}

/** A stretch of time, both ends included. */
export interface Span {
  readonly start: number
  readonly end: number
}

export const byRepair = 'add --repair'
export const fromBackup = 'bring it back from a backup; everything else can be read'
