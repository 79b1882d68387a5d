// Where batches enter the server: check, store durably and once, then tell the others.
import { crc32 } from 'node:zlib'
import type { Batch } from '#core/batch.ts'
import type { Bus } from '#core/bus.ts'
import type { Clock } from '#core/clock.ts'
import type { Directory } from '#core/directory.ts'
import { messageOf, Rejected } from '#core/errors.ts'
import { decodeFrame } from '#core/frame.ts'
import type { AppendResult, Delivery, Store } from '#core/store.ts'
import type { NumberedFrame, SendResult } from '#core/uplink.ts'
import { checkBatch, type CheckedBatch, type Refusal } from './check.ts'

export interface Ingest {
  /** Stores a batch that no outbox numbers; resolves after the durable commit with the rows that were refused. */
  accept(batch: Batch): Promise<readonly Refusal[]>
  /** Stores frames of an outbox in their order, all or none; resolves after the durable commit with one result per frame. */
  deliver(outbox: string, frames: readonly NumberedFrame[]): Promise<SendResult[]>
}

export interface IngestParts {
  readonly store: Store
  readonly directory: Directory
  readonly bus: Bus
  readonly clock: Clock
  /** Hears, for each frame, why rows of a gateway were refused. */
  readonly refused: (message: string) => void
}

export function createIngest({ store, directory, bus, clock, refused: report }: IngestParts): Ingest {
  const publish = (batch: Batch, duplicates: number) => {
    if (duplicates < batch.count) bus.publish('stored', batch)
  }
  return {
    async accept(given) {
      const { batch, refused } = checkBatch(given, directory, clock.now())
      if (batch.count > 0) {
        const [result] = await store.append([{ batch }])
        publish(batch, result?.duplicates ?? 0)
      }
      return refused
    },
    async deliver(outbox, frames) {
      const checked = frames.map(({ frame, sequence }) => checkFrame(frame, sequence))
      const deliveries: Delivery[] = checked.map(({ batch }, index) => ({
        batch,
        origin: { source: outbox, sequence: (frames[index] as NumberedFrame).sequence },
      }))
      const results = await append(deliveries)
      return checked.map(({ batch, refused }, index) => {
        const result = results[index]
        if (!result) return { stored: 0, duplicate: 0, rejected: refused.length + batch.count }
        publish(batch, result.duplicates)
        return { stored: result.stored, duplicate: result.duplicates, rejected: refused.length + result.expired }
      })
    },
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
  function checkFrame(frame: Uint8Array, sequence: number): CheckedBatch {
    let checked: CheckedBatch
    try {
      checked = checkBatch(decodeFrame(frame, crc32), directory, clock.now())
    } catch (error) {
      report(`frame ${sequence} refused: ${messageOf(error)}`)
      return { batch: emptyBatch, refused: [] }
    }
    const [first] = checked.refused
    if (first) report(`${checked.refused.length} samples of frame ${sequence} refused, the first because ${first.reason}`)
    return checked
  }
}

const emptyBatch: Batch = {
  tags: [],
  kinds: [],
  count: 0,
  tag: new Uint32Array(),
  time: new Float64Array(),
  value: new Float64Array(),
  quality: new Uint8Array(),
  texts: [],
  arrays: [],
}
