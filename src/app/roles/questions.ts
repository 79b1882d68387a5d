// What processes ask the owner of a partition, and how: JSON there, bytes back, under `ask.PARTITION`.
import { crc32 } from 'node:zlib'
import { z } from 'zod'
import { ask, serve } from '#bus/nats/ask.ts'
import type { NatsLink } from '#bus/nats/connect.ts'
import { partitionOf } from '#bus/nats/partition.ts'
import { BatchBuilder, type Batch } from '#core/batch.ts'
import { Rejected, RetryLater } from '#core/errors.ts'
import { decodeFrame, encodeFrame } from '#core/frame.ts'
import type { TagPath } from '#core/path.ts'
import type { Store } from '#core/store.ts'
import type { Micros } from '#core/time.ts'
import type { PartitionStore } from '#store/postgres/partition-store.ts'

/** JSON knows no infinity: null stands for a range that is open on that side. */
const bound = z.number().nullable()
const questionSchema = z.discriminatedUnion('act', [
  /** What memory holds of a tag. */
  z.strictObject({ act: z.literal('copy'), tag: z.string(), from: bound, to: bound }),
  /** The newest sample of every tag, as a frame; arrays without their values. */
  z.strictObject({ act: z.literal('newest') }),
  z.strictObject({ act: z.literal('remove'), tag: z.string(), range: z.strictObject({ from: z.number(), to: z.number() }).nullable() }),
])
type Question = z.infer<typeof questionSchema>

const subjectOf = (partition: number) => `ask.${partition}`
const copyTimeoutMs = 5_000
/** Deleting seals first. */
const removeTimeoutMs = 60_000

/** Answers for a partition until the returned function is called; only as long as `isOwner` says so, which a pause of the process may have ended. */
export function answerFor(link: NatsLink, partition: number, store: PartitionStore, isOwner: () => boolean): () => void {
  return serve(link, subjectOf(partition), async (bytes) => {
    if (!isOwner()) throw new RetryLater(`partition ${partition} goes to another process; ask again in a moment`)
    const question = readQuestion(bytes)
    if (question.act === 'copy') return store.copy(question.tag, question.from ?? -Infinity, question.to ?? Infinity) ?? new Uint8Array()
    if (question.act === 'newest') return encodeFrame(newestOf(store), crc32)
    return Buffer.from(String(await store.remove(question.tag, question.range ?? undefined)))
  })
}

export interface Owners extends Pick<Store, 'remove'> {
  /** What the owner of a tag has of it in memory; undefined when it knows no such tag. */
  readonly copy: (path: TagPath, from: Micros, to: Micros) => Promise<Uint8Array | undefined>
  /** The newest samples of a partition. */
  readonly newest: (partition: number) => Promise<Batch>
}

/** All of these throw `RetryLater` while a partition has no owner that can be asked. */
export function askOwners(link: NatsLink, partitions: number): Owners {
  const askOwner = (partition: number, question: Question, timeoutMs: number) =>
    ask(link, subjectOf(partition), Buffer.from(JSON.stringify(question)), timeoutMs)
  return {
    async copy(tag, from, to) {
      const answer = await askOwner(partitionOf(tag, partitions), { act: 'copy', tag, from: finite(from), to: finite(to) }, copyTimeoutMs)
      return answer.length === 0 ? undefined : answer
    },
    newest: async (partition) => decodeFrame(await askOwner(partition, { act: 'newest' }, copyTimeoutMs), crc32),
    async remove(tag, range) {
      const answer = await askOwner(partitionOf(tag, partitions), { act: 'remove', tag, range: range ?? null }, removeTimeoutMs)
      return Number(Buffer.from(answer).toString())
    },
  }
}

const finite = (time: Micros) => (Number.isFinite(time) ? time : null)

function readQuestion(bytes: Uint8Array): Question {
  try {
    return questionSchema.parse(JSON.parse(Buffer.from(bytes).toString()))
  } catch {
    throw new Rejected('this is no question to the owner of a partition; are all processes of the same version?')
  }
}

function newestOf(store: PartitionStore): Batch {
  const builder = new BatchBuilder()
  for (const { path, kind } of store.tags()) {
    const sample = store.latest(path)
    if (sample) builder.addValue(path, kind, sample.time, kind === 'array' ? null : sample.value, sample.quality)
  }
  return builder.build()
}
