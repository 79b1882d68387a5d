// Where batches enter the server: check, store durably and once, then tell the others.
import { crc32 } from 'node:zlib'
import { BatchBuilder, type Batch } from '#core/batch.ts'
import type { Bus } from '#core/bus.ts'
import type { Clock } from '#core/clock.ts'
import type { Directory } from '#core/directory.ts'
import { messageOf, Rejected } from '#core/errors.ts'
import { decodeFrame } from '#core/frame.ts'
import { refusalsMax, type Accept, type Receipt, type Refusal, type Taken } from '#core/ingest.ts'
import type { AppendResult, Delivery, Origin, Store } from '#core/store.ts'
import { Turn } from '#core/turn.ts'
import type { NumberedFrame, SendResult } from '#core/uplink.ts'
import { checkBatch, type CheckedBatch } from './check.ts'

export interface Ingest {
  readonly accept: Accept
  /** Stores frames of an outbox in their order, all or none; resolves after the durable commit with one result per frame. */
  deliver(outbox: string, frames: readonly NumberedFrame[]): Promise<SendResult[]>
}

export interface IngestParts {
  readonly store: Pick<Store, 'append'>
  readonly directory: Directory
  readonly bus: Bus
  readonly clock: Clock
  /** Hears, for each frame, why rows of a gateway were refused. */
  readonly refused: (message: string) => void
  readonly taken?: Taken
}

export function createIngest({ store, directory, bus, clock, refused: report, taken = () => {} }: IngestParts): Ingest {
  const publish = (batch: Batch, duplicates: number) => {
    if (duplicates < batch.count) bus.publish('stored', batch)
  }
  return {
    async accept(deliveries, way, refusedBefore = 0) {
      const started = performance.now()
      const checked = await checkAll(deliveries)
      const fit = deliveries.map(({ batch: given, origin, frame }, index) =>
        asChecked(given, checked[index] as CheckedBatch, origin, frame),
      )
      const results = fit.some(({ batch }) => batch.count > 0) ? await store.append(fit) : []
      for (const [index, { duplicates }] of results.entries()) publish((fit[index] as Delivery).batch, duplicates)
      const receipt = receiptOf(deliveries, checked, results, refusedBefore)
      taken(way, receipt, secondsSince(started))
      return receipt
    },
    async deliver(outbox, frames) {
      const started = performance.now()
      const checked = frames.map(({ frame, sequence }) => checkFrame(frame, sequence))
      const deliveries = checked.map((one, index) => {
        const { sequence, frame } = frames[index] as NumberedFrame
        return asChecked(one.given, one, { source: outbox, sequence }, frame)
      })
      const results = await append(deliveries)
      return checked.map(({ batch, refused }, index) => {
        const result = results[index]
        taken('gateway', { ...(result ?? nothing), refused: refused + (result ? 0 : batch.count) }, secondsSince(started))
        if (!result) return { stored: 0, duplicate: 0, rejected: refused + batch.count }
        publish(batch, result.duplicates)
        return { stored: result.stored, duplicate: result.duplicates, rejected: refused + result.expired }
      })
    },
  }

  async function checkAll(deliveries: readonly Delivery[]): Promise<CheckedBatch[]> {
    const turn = new Turn()
    const checked: CheckedBatch[] = []
    for (const { batch } of deliveries) {
      checked.push(checkBatch(batch, directory, clock.now()))
      if (turn.isOver) await turn.next()
    }
    return checked
  }

  /** Appends all at once; when the store refuses them, one by one, so that a frame it cannot take stops no other. Undefined: refused. */
  async function append(deliveries: readonly Delivery[]): Promise<(AppendResult | undefined)[]> {
    try {
      return await store.append(deliveries)
    } catch (error) {
      if (!(error instanceof Rejected)) throw error
    }
    const results: (AppendResult | undefined)[] = []
    for (const delivery of deliveries)
      results.push(
        await store.append([delivery]).then(
          ([result]) => result,
          (error: unknown) => {
            if (!(error instanceof Rejected)) throw error
            report(`frame ${delivery.origin?.sequence} refused: ${error.message}`)
            return undefined
          },
        ),
      )
    return results
  }

  /** A damaged frame is refused whole and counted as nothing stored: sending it again would never help. */
  function checkFrame(frame: Uint8Array, sequence: number): CheckedBatch & { given: Batch } {
    let checked: CheckedBatch
    let given: Batch
    try {
      given = decodeFrame(frame, crc32)
      checked = checkBatch(given, directory, clock.now())
    } catch (error) {
      report(`frame ${sequence} refused: ${messageOf(error)}`)
      const none = new BatchBuilder(0).build()
      return { given: none, batch: none, refused: 0, refusals: [] }
    }
    const [first] = checked.refusals
    if (first) report(`${checked.refused} samples of frame ${sequence} refused, the first because ${first.reason}`)
    return { ...checked, given }
  }
}

/** The frame that a batch came in is still its frame when no row was refused. */
function asChecked(given: Batch, { batch }: CheckedBatch, origin: Origin | undefined, frame: Uint8Array | undefined): Delivery {
  return batch === given && batch.count > 0 ? { batch, origin, frame } : { batch, origin }
}

function receiptOf(
  deliveries: readonly Delivery[],
  checked: readonly CheckedBatch[],
  results: readonly AppendResult[],
  refusedBefore: number,
): Receipt {
  const sum = { ...nothing, refused: refusedBefore }
  for (const result of results) for (const key of Object.keys(nothing) as (keyof AppendResult)[]) sum[key] += result[key]
  const refusals: Refusal[] = []
  let before = 0
  for (const [index, { batch }] of deliveries.entries()) {
    const { refused, refusals: own } = checked[index] as CheckedBatch
    sum.refused += refused
    for (const { row, reason } of own) if (refusals.length < refusalsMax) refusals.push({ row: before + row, reason })
    before += batch.count
  }
  return { ...sum, refusals }
}

const nothing: AppendResult = { stored: 0, duplicates: 0, replaced: 0, expired: 0 }
const secondsSince = (started: number) => (performance.now() - started) / 1000
