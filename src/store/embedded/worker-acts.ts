// What the embedded store's thread does for the main one, beside the acts of a desk.
import type { BucketColumns, SampleColumns } from '#core/store.ts'
import type { Micros } from '#core/time.ts'
import type { SourceCopy } from '#store/engine/source-copy.ts'
import type { DeskActs } from '#store/engine/thread.ts'

export interface StoreActs extends DeskActs {
  rows: { given: { source: SourceCopy; from: Micros; to: Micros; limit: number }; answer: SampleColumns }
  rowsBack: { given: { source: SourceCopy; before: Micros; limit: number }; answer: SampleColumns }
  buckets: { given: { sources: readonly SourceCopy[]; edges: Float64Array }; answer: BucketColumns[] }

  /** Copies all that is committed into a new file, while everything goes on. */
  backup: { given: { file: string }; answer: undefined }
}
