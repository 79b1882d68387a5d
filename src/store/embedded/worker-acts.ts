// What the store's thread does for the main one: each act with what it is given and what it answers. Data only; it crosses a thread.
import type { TagPath } from '#core/path.ts'
import type { BucketColumns, SampleColumns } from '#core/store.ts'
import type { Kind } from '#core/tag.ts'
import type { Micros } from '#core/time.ts'
import type { Rows } from '#store/chunk/rows.ts'
import type { FrozenPart } from '#store/engine/frozen-part.ts'
import type { Keeping } from '#store/engine/roll-up.ts'
import type { TagState } from '#store/engine/shelf.ts'

/** A tag as reading sees it, with its rows in memory at the time of the question. */
export interface SourceCopy {
  readonly id: number
  readonly path: TagPath
  readonly kind: Kind
  readonly latestTime: Micros
  readonly sealedEnd: Micros
  readonly keptFrom: Micros
  readonly rows: Rows
}

/** What is counted over the whole life of a store. */
export interface Totals {
  readonly samples: number
  readonly replaced: number
  readonly expired: number
}

export interface Acts {
  /** A transaction of several acts: begin, any number of seal, then commit or rollback. */
  begin: { given: undefined; answer: undefined }
  /** Answers by how many samples the tags have grown. */
  seal: { given: FrozenPart; answer: number }
  /** Durable when it answers. `segment`: the last log segment that all before it is in. */
  commit: { given: Totals & { segment: number; origins: ReadonlyMap<string, number> }; answer: undefined }
  rollback: { given: undefined; answer: undefined }

  rows: { given: { source: SourceCopy; from: Micros; to: Micros; limit: number }; answer: SampleColumns }
  rowsBack: { given: { source: SourceCopy; before: Micros; limit: number }; answer: SampleColumns }
  buckets: { given: { sources: readonly SourceCopy[]; edges: Float64Array }; answer: BucketColumns[] }

  /** Deletes samples of a tag; of all of them, with the tag itself, without a range. Answers what is left. */
  remove: {
    given: { id: number; kind: Kind; keptFrom: Micros; range: { from: Micros; to: Micros } | undefined; totals: Totals }
    answer: { gone: number; left: TagState | undefined }
  }
  /** Rolls up whole days before `until`, and lets go of what is not kept. Answers how many samples went, per tag. */
  retain: { given: { tags: readonly { id: number; kind: Kind; until: number; keep: Keeping }[]; totals: Totals }; answer: number[] }
  /** The first day that has rows of any tag, and the bytes that are in use. */
  survey: { given: undefined; answer: { firstDay: number | undefined; bytesUsed: number } }
  /** Gives the disk back what is free in the file. */
  shrink: { given: undefined; answer: undefined }
  /** Copies all that is committed into a new file, while everything goes on. */
  backup: { given: { file: string }; answer: undefined }
  close: { given: undefined; answer: undefined }
}

export type ActName = keyof Acts

export interface Ask<Name extends ActName = ActName> {
  readonly id: number
  readonly act: Name
  readonly given: Acts[Name]['given']
}

export type Reply =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: { readonly name: string; readonly message: string } }
  | { readonly damage: { readonly what: string; readonly reason: string } }
