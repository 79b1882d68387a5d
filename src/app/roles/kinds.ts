// Rows that came under another kind than their tag has for good, because two processes saw it first at the same time. The earlier one in the log
// holds; a row of the other kind can never be stored, must not keep those around it from being, and every process is told which kind holds.
import { z } from 'zod'
import type { NatsLink } from '#bus/nats/connect.ts'
import { filterRows, type Batch } from '#core/batch.ts'
import type { TagPath } from '#core/path.ts'
import { kinds, type Kind } from '#core/tag.ts'
import type { PartitionEntry } from '#store/postgres/partition-store.ts'

export interface OtherKind {
  readonly tag: TagPath
  /** What the tag is. */
  readonly kind: Kind
  /** What the rows were. */
  readonly given: Kind
  readonly rows: number
}

/** The entries without rows of another kind than their tag's, and what was left out. */
export function settleKinds(
  entries: readonly PartitionEntry[],
  kindOf: (path: TagPath) => Kind | undefined,
): { entries: PartitionEntry[]; others: OtherKind[] } {
  /** Kinds of tags that these entries bring. */
  const fresh = new Map<TagPath, Kind>()
  const others: OtherKind[] = []

  function settle(batch: Batch): Batch {
    const left = new Set<number>()
    let counts: Uint32Array | undefined
    for (const [index, tag] of batch.tags.entries()) {
      const given = batch.kinds[index] as Kind
      const kind = kindOf(tag) ?? fresh.get(tag)
      if (kind === given) continue
      counts ??= rowsPerTag(batch)
      const rows = counts[index] as number
      if (rows === 0) continue
      if (kind === undefined) fresh.set(tag, given)
      else {
        left.add(index)
        others.push({ tag, kind, given, rows })
      }
    }
    return left.size === 0 ? batch : filterRows(batch, (row) => !left.has(batch.tag[row] as number))
  }

  const settled = entries.map(({ sequence, delivery: { batch, origin } }) => ({ sequence, delivery: { batch: settle(batch), origin } }))
  return { entries: settled, others }
}

function rowsPerTag({ tags, tag, count }: Batch): Uint32Array {
  const counts = new Uint32Array(tags.length)
  for (let row = 0; row < count; row++) (counts[tag[row] as number] as number)++
  return counts
}

const subject = 'tag-kinds'
const newsSchema = z.object({ tag: z.string(), kind: z.enum(kinds) })

/** Tells every process which kind a tag has. */
export function tellKind({ connection, connected }: NatsLink, { tag, kind }: Pick<OtherKind, 'tag' | 'kind'>): void {
  if (connected()) connection.publish(subject, JSON.stringify({ tag, kind }))
}

/** Hears of kinds until the returned function is called. */
export function hearKinds({ connection }: NatsLink, hear: (tag: TagPath, kind: Kind) => void): () => void {
  const subscription = connection.subscribe(subject, {
    callback(error, message) {
      const news = error ? undefined : newsSchema.safeParse(jsonOf(message.string()))
      if (news?.success) hear(news.data.tag, news.data.kind)
    },
  })
  return () => subscription.unsubscribe()
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
