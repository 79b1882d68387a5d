// The bus between processes: what has been stored goes over core NATS to whoever cares. It is for live values and may lose: what is lost is
// counted, and stays readable where it is stored.
import { crc32 } from 'node:zlib'
import { headers, nuid, type Msg, type Subscription } from '@nats-io/transport-node'
import type { Batch } from '#core/batch.ts'
import type { Bus } from '#core/bus.ts'
import type { Clock } from '#core/clock.ts'
import type { Log } from '#core/driver.ts'
import { messageOf } from '#core/errors.ts'
import { decodeFrame, encodeFrame } from '#core/frame.ts'
import { occasionally } from '#core/occasionally.ts'
import type { NatsLink } from './connect.ts'
import { splitBatch } from './partition.ts'

export interface NatsBus extends Bus {
  readonly statistics: () => NatsBusStatistics
}

/** In frames, each the rows of one batch in one partition. */
export interface NatsBusStatistics {
  readonly published: number
  /** Not published, because NATS could not be reached or a frame was too large. */
  readonly dropped: number
  readonly received: number
  /** Published by somebody and not received here. */
  readonly lost: number
}

export interface NatsBusOptions {
  readonly link: NatsLink
  readonly partitions: number
  readonly clock: Clock
  readonly log: Log
  /** Hears what a listener threw. */
  readonly failed: (error: unknown) => void
}

const numberHeader = 'Millwright-Number'
/** Publishers whose numbers are remembered. */
const publishersMax = 10_000

/** Creates a bus that publishes `stored` batches under `live.PARTITION.PUBLISHER`, numbered per subject. */
export function createNatsBus({ link, partitions, clock, log, failed }: NatsBusOptions): NatsBus {
  const { connection } = link
  const warnDropped = occasionally({ clock, log })
  const warnLost = occasionally({ clock, log })
  const warnRubbish = occasionally({ clock, log })
  const self = nuid.next()
  const listeners = new Set<(batch: Batch) => void>()
  const published = new Map<string, number>()
  const received = new Map<string, number>()
  const counts = { published: 0, dropped: 0, received: 0, lost: 0 }
  let subscription: Subscription | undefined

  function publishFrame(subject: string, frame: Uint8Array): void {
    const number = (published.get(subject) ?? 0) + 1
    published.set(subject, number)
    const head = headers()
    head.set(numberHeader, String(number))
    try {
      if (!link.connected()) throw new Error('NATS cannot be reached')
      connection.publish(subject, frame, { headers: head })
      counts.published += 1
    } catch (error) {
      counts.dropped += 1
      warnDropped(`live values are not published: ${messageOf(error)}`)
    }
  }

  function receive({ subject, headers, data }: Msg): void {
    const number = Number(headers?.get(numberHeader))
    const before = received.get(subject)
    if (before === undefined && received.size >= publishersMax) received.clear()
    received.set(subject, number)
    if (before !== undefined && number > before + 1) {
      counts.lost += number - before - 1
      warnLost(`${number - before - 1} frames of live values did not arrive; this process may be too slow`)
    }
    counts.received += 1
    const batch = decodeFrame(data, crc32)
    for (const listener of listeners) {
      try {
        listener(batch)
      } catch (error) {
        failed(error)
      }
    }
  }

  return {
    publish(_topic, batch) {
      for (const part of splitBatch(batch, partitions)) publishFrame(`live.${part.partition}.${self}`, encodeFrame(part.batch, crc32))
    },
    subscribe(_topic, listener) {
      listeners.add(listener)
      subscription ??= connection.subscribe('live.*.*', {
        callback(error, message) {
          if (error) return warnLost(`live values do not arrive: ${error.message}`)
          try {
            receive(message)
          } catch (fault) {
            warnRubbish(`a message under ${message.subject} is no frame of live values: ${messageOf(fault)}`)
          }
        },
      })
      return () => {
        listeners.delete(listener)
        if (listeners.size > 0) return
        subscription?.unsubscribe()
        subscription = undefined
      }
    },
    statistics: () => ({ ...counts }),
  }
}
