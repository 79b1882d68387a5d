// The border of every store: what could corrupt it is refused here, before anything is written.
import { arrayElementsMax } from '#core/array.ts'
import { kindCode, type Batch } from '#core/batch.ts'
import { Rejected } from '#core/errors.ts'
import { pathLengthMax, type TagPath } from '#core/path.ts'
import type { Delivery, Origin } from '#core/store.ts'
import type { Kind } from '#core/tag.ts'

/** Most tags, and most sources, that one store keeps. */
export const tagsMax = 1_000_000
export const sourcesMax = 1_000_000
/** Longest name of a source, in characters. */
export const sourceLengthMax = 200

/** Newest sequence per source and kind per tag: what a store knows, or what a group under way adds to it. */
export interface Known {
  readonly tagCount: number
  readonly sourceCount: number
  newest(source: string): number
  kind(path: TagPath): Kind | undefined
  /** Whether it is sure that all of these tags are known, with these kinds. */
  knows?(tags: readonly TagPath[], kinds: readonly Kind[]): boolean
}

/** What deliveries bring that was not known. */
export interface News {
  readonly origins: Map<string, number>
  readonly kinds: Map<TagPath, Kind>
}

export const isRepetition = (origin: Origin | undefined, known: Known): boolean =>
  origin !== undefined && origin.sequence <= known.newest(origin.source)

/** What is known with the news on top. */
export const knownWith = (known: Known, news: News): Known => ({
  tagCount: known.tagCount + news.kinds.size,
  sourceCount: known.sourceCount + news.origins.size,
  newest: (source) => news.origins.get(source) ?? known.newest(source),
  kind: (path) => news.kinds.get(path) ?? known.kind(path),
  knows: (tags, kinds) => known.knows?.(tags, kinds) ?? false,
})

/** Checks deliveries in order and returns which are new, and what they bring. Throws `Rejected` with the first fault. */
export function checkDeliveries(deliveries: readonly Delivery[], known: Known): { fresh: boolean[]; news: News } {
  const news: News = { origins: new Map(), kinds: new Map() }
  const now = knownWith(known, news)
  const fresh = deliveries.map(({ batch, origin }) => {
    if (origin) checkOrigin(origin)
    if (isRepetition(origin, now)) return false
    const used = checkRows(batch)
    if (!known.knows?.(batch.tags, batch.kinds))
      batch.tags.forEach((path, index) => {
        if (used[index] === 0) return
        const kind = batch.kinds[index] as Kind
        const before = now.kind(path)
        if (before === undefined) news.kinds.set(path, kind)
        else if (before !== kind)
          throw new Rejected(
            `the tag ${path} holds ${before} values and cannot take a ${kind}: send it under another name, or as ${before}`,
          )
      })
    if (origin) news.origins.set(origin.source, origin.sequence)
    return true
  })
  const { tagCount, sourceCount } = knownWith(known, news)
  if (news.kinds.size > 0 && tagCount > tagsMax)
    throw new Rejected(
      `this would be tag ${tagCount} of at most ${tagsMax}: check that no device puts changing numbers into its tags' names`,
    )
  if (sourceCount > sourcesMax && news.origins.size > 0)
    throw new Rejected(`more than ${sourcesMax} sources have sent batches: let gateways keep their outbox instead of starting a new one`)
  return { fresh, news }
}

function checkOrigin({ source, sequence }: Origin): void {
  if (source.length === 0 || source.length > sourceLengthMax)
    throw new Rejected(`the source of a batch has a name of ${source.length} characters; it must have 1 to ${sourceLengthMax}`)
  if (!Number.isSafeInteger(sequence) || sequence < 1)
    throw new Rejected(`the batch of source ${source} has the number ${sequence}; batches are numbered 1, 2, 3 …`)
}

/** Returns, per dictionary entry, whether any row uses it: a tag is known from its first sample. */
function checkRows(batch: Batch): Uint8Array {
  const { count, tag, time, value, quality, tags, kinds, texts, arrays } = batch
  for (const [index, path] of tags.entries()) {
    if (path.length === 0 || path.length > pathLengthMax)
      throw new Rejected(`tag ${index} of the batch has a path of ${path.length} characters; it must have 1 to ${pathLengthMax}`)
    if (kindCode(kinds[index] as Kind) < 0)
      throw new Rejected(`the tag ${path} of the batch has no kind: say number, boolean, text or array`)
  }
  if (count > Math.min(tag.length, time.length, value.length, quality.length))
    throw new Rejected(`the batch says ${count} rows and its columns are shorter`)
  for (const { shape, data } of arrays)
    if (data.length === 0 || data.length > arrayElementsMax || shape.length > 2 || shape.reduce((a, b) => a * b, 1) !== data.length)
      throw new Rejected(`an array of shape ${shape.join('×')} has ${data.length} elements; the most is ${arrayElementsMax}`)
  const sideCounts = tags.map((_, index) => (kinds[index] === 'text' ? texts.length : kinds[index] === 'array' ? arrays.length : -1))
  const used = new Uint8Array(tags.length)
  for (let row = 0; row < count; row++) {
    const sideCount = sideCounts[tag[row] as number]
    if (sideCount === undefined) throw new Rejected(`row ${row} of the batch names tag ${tag[row]} of ${tags.length}`)
    if (!Number.isSafeInteger(time[row]))
      throw new Rejected(`row ${row} of the batch, tag ${tags[tag[row] as number]}, has the time ${time[row]}: write whole microseconds`)
    used[tag[row] as number] = 1
    if (sideCount < 0) continue
    const index = value[row] as number
    if (!Number.isNaN(index) && !(Number.isInteger(index) && index >= 0 && index < sideCount))
      throw new Rejected(`row ${row} of the batch, tag ${tags[tag[row] as number]}, names value ${index} of ${sideCount}`)
  }
  return used
}
