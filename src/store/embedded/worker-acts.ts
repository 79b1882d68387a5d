// What the store's thread does for the main one: each act with what it is given and what it answers. Data only; it crosses a thread. The acts that
// change the shelf are those of a desk.
import type { BucketColumns, SampleColumns } from '#core/store.ts'
import type { Micros } from '#core/time.ts'
import type { FrozenPart } from '#store/engine/frozen-part.ts'
import type { CommitGiven, RemoveGiven, RetainGiven } from '#store/engine/desk.ts'
import type { Survey, TagState, Totals } from '#store/engine/shelf.ts'
import type { SourceCopy } from '#store/engine/source-copy.ts'

export interface Acts {
  begin: { given: undefined; answer: Totals | undefined }
  seal: { given: FrozenPart; answer: number }
  commit: { given: CommitGiven; answer: undefined }
  rollback: { given: undefined; answer: undefined }
  remove: { given: RemoveGiven; answer: { gone: number; left: TagState | undefined } }
  retain: { given: RetainGiven; answer: number[] }
  survey: { given: undefined; answer: Survey }
  shrink: { given: undefined; answer: undefined }

  rows: { given: { source: SourceCopy; from: Micros; to: Micros; limit: number }; answer: SampleColumns }
  rowsBack: { given: { source: SourceCopy; before: Micros; limit: number }; answer: SampleColumns }
  buckets: { given: { sources: readonly SourceCopy[]; edges: Float64Array }; answer: BucketColumns[] }

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
