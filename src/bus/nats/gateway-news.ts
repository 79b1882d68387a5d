// What gateways say reaches every process, whichever took it: the newest report of each, and the description of its part of the plant.
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { KV, KvWatchEntry } from '@nats-io/kv'
import type { z } from 'zod'
import { sleep } from '#core/clock.ts'
import type { Log } from '#core/driver.ts'
import { messageOf, RetryLater } from '#core/errors.ts'
import type { GatewayBoard, GatewayEntry } from '#core/gateway-board.ts'
import { occasionally } from '#core/occasionally.ts'
import type { Micros } from '#core/time.ts'
import { gatewayDescriptionSchema, gatewayReportSchema, type GatewayDescription } from '#core/uplink.ts'
import { openBucket, type SetupOptions } from './setup.ts'

export interface GatewayNewsOptions extends SetupOptions {
  readonly log: Log
  /** Hears each description, those of before as well, and the own ones. */
  readonly described: (description: GatewayDescription) => void
}

export interface GatewayNews {
  readonly board: GatewayBoard
  /** Resolves when others can hear it. Throws `RetryLater`. */
  readonly describe: (gateway: string, description: GatewayDescription) => Promise<void>
  readonly close: () => void
}

const reportsBucket = 'millwright-gateway-reports'
const descriptionsBucket = 'millwright-gateway-descriptions'
/** A gateway that is silent for so long is not shown any more. */
const reportTtlMs = 7 * 86_400_000
const retryMs = 2_000
const unpackedBytesMax = 32 << 20
const gatewaysMax = 10_000

/** Follows the gateways. Throws `ConfigError`. */
export async function followGateways(options: GatewayNewsOptions): Promise<GatewayNews> {
  const { link, clock, log, described } = options
  const reports = await openBucket(options, reportsBucket, { ttlMs: reportTtlMs })
  const descriptions = await openBucket(options, descriptionsBucket)
  const closing = new AbortController()
  const warn = occasionally({ clock, log })
  const entries = new Map<string, GatewayEntry>()
  /** Gateways whose report is on its way: the one after the next tells it all. */
  const sending = new Set<string>()

  const note = (name: string, lastSeen: Micros, report: GatewayEntry['report']) => {
    if (entries.has(name) || entries.size < gatewaysMax) entries.set(name, { name, lastSeen, report })
  }

  async function follow(bucket: KV, hear: (entry: KvWatchEntry) => void): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        const news = await bucket.watch()
        const end = () => news.stop()
        closing.signal.addEventListener('abort', end, { once: true })
        for await (const entry of news) {
          try {
            if (entry.operation === 'PUT') hear(entry)
          } catch (error) {
            // A newer version may say what this one does not know.
            warn(`what gateway ${entry.key} says cannot be read: ${messageOf(error)}`)
          }
        }
        closing.signal.removeEventListener('abort', end)
      } catch {
        // Without JetStream nobody is heard; the connection says so itself.
      }
      await sleep(clock, retryMs, closing.signal)
    }
  }

  void follow(reports, (entry) => {
    // By this process's clock where it can be: those of others may differ.
    const lastSeen = entry.isUpdate ? clock.now() : entry.created.getTime() * 1000
    note(entry.key, lastSeen, unpack(entry.value, gatewayReportSchema))
  })
  void follow(descriptions, ({ value }) => described(unpack(value, gatewayDescriptionSchema)))

  return {
    board: {
      gateways: () => entries.values(),
      report(name, report) {
        note(name, clock.now(), report)
        if (!link.connected() || sending.has(name)) return
        sending.add(name)
        const sent = reports.put(name, pack(report)).catch((error: unknown) => {
          warn(`the report of gateway ${name} does not reach the other processes: ${messageOf(error)}`)
        })
        void sent.finally(() => sending.delete(name))
      },
    },
    async describe(gateway, description) {
      await descriptions.put(gateway, pack(description)).catch((error: unknown) => {
        throw new RetryLater(`the description of gateway ${gateway} cannot be kept in NATS: ${messageOf(error)}`)
      })
    },
    close: () => closing.abort(),
  }
}

const pack = (value: unknown): Uint8Array => zstdCompressSync(JSON.stringify(value))

function unpack<T>(bytes: Uint8Array, schema: z.ZodType<T>): T {
  return schema.parse(JSON.parse(zstdDecompressSync(bytes, { maxOutputLength: unpackedBytesMax }).toString()))
}
