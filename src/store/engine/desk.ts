// All that changes a shelf, act by act, each act in steps. One at a time: the sealer sees to that. Runs wherever the shelf is written from.
import { dayUs, type Micros } from '#core/time.ts'
import type { Kind } from '#core/tag.ts'
import { unpackFrozen, type FrozenPart } from './frozen-part.ts'
import { expire, removeRange, rollUp, type Keeping } from './roll-up.ts'
import { sealTag } from './seal-tag.ts'
import type { ShelfWriter, Survey, TagState, Totals } from './shelf.ts'

export interface CommitGiven {
  readonly totals: Totals
  /** How far the log is sealed with this. */
  readonly segment: number
  readonly origins: ReadonlyMap<string, number>
}

export interface RemoveGiven {
  readonly id: number
  readonly kind: Kind
  readonly keptFrom: Micros
  /** All of the tag, and itself, without one. */
  readonly range: { readonly from: Micros; readonly to: Micros } | undefined
  readonly totals: Totals
}

export interface RetainGiven {
  /** Rolls up whole days before `until`, and lets go of what is not kept. */
  readonly tags: readonly { readonly id: number; readonly kind: Kind; readonly until: number; readonly keep: Keeping }[]
  readonly totals: Totals
}

export interface Desk {
  /** Begins a transaction of any number of `seal`, and then `commit` or `rollback`. Resolves as the shelf's `begin`. */
  begin(): Promise<Totals | undefined>
  /** Resolves to by how many samples the tags have grown. The part's memory may be handed over. */
  seal(part: FrozenPart): Promise<number>
  /** Durable when it resolves. */
  commit(given: CommitGiven): Promise<void>
  rollback(): Promise<void>
  /** Deletes samples durably; resolves to how many, and what is left of the tag. */
  remove(given: RemoveGiven): Promise<{ gone: number; left: TagState | undefined }>
  /** Resolves to how many samples went per tag, durably. */
  retain(given: RetainGiven): Promise<number[]>
  survey(): Promise<Survey>
  shrink(): Promise<void>
}

export function createDesk(shelf: ShelfWriter, pause: () => Promise<void>): Desk {
  async function transaction<T>(known: Totals, act: (totals: Totals) => Promise<T>): Promise<T> {
    const totals = (await shelf.begin()) ?? known
    try {
      const result = await act(totals)
      await shelf.commit()
      return result
    } catch (error) {
      await shelf.rollback()
      throw error
    }
  }
  return {
    begin: async () => shelf.begin(),
    async seal(part) {
      await shelf.expect?.(part)
      let grown = 0
      for (const tag of unpackFrozen(part)) grown += await sealTag(shelf, tag, pause)
      return grown
    },
    async commit({ totals, segment, origins }) {
      await shelf.saveOrigins(origins)
      await shelf.saveTotals(totals, segment)
      await shelf.commit()
    },
    async rollback() {
      await shelf.rollback()
    },
    remove: ({ id, kind, keptFrom, range, totals: known }) =>
      transaction(known, async (totals) => {
        const { from, to } = range ?? { from: -Infinity, to: Infinity }
        const keptDay = range ? Math.floor(keptFrom / dayUs) : Infinity
        const gone = await removeRange(shelf, id, kind === 'text', from, to, keptDay, pause)
        await shelf.saveTotals({ ...totals, samples: totals.samples - gone })
        if (range) return { gone, left: await shelf.renewLatest(id) }
        await shelf.deleteTag(id)
        return { gone, left: undefined }
      }),
    retain: ({ tags, totals: known }) =>
      transaction(known, async (totals) => {
        const gone: number[] = []
        for (const { id, kind, until, keep } of tags) {
          const isNumeric = kind === 'number' || kind === 'boolean'
          if (isNumeric) await rollUp(shelf, id, until, pause)
          gone.push(await expire(shelf, id, isNumeric, keep, pause))
          if (Number.isFinite(keep.raw)) await shelf.setKeptFrom(id, keep.raw * dayUs)
        }
        await shelf.saveTotals({ ...totals, samples: totals.samples - gone.reduce((sum, count) => sum + count, 0) })
        return gone
      }),
    survey: async () => shelf.survey(),
    async shrink() {
      await shelf.shrink()
    },
  }
}
