// Who receives: a Millwright server, VictoriaMetrics, InfluxDB; how each starts, and what can be read from it.
import { join } from 'node:path'
import type { Micros } from '#core/time.ts'
import { createEmbeddedStore } from '#store/embedded/embedded-store.ts'
import { startChild } from '#bench/support/child.ts'
import { createHttpClient } from '#bench/support/http-client.ts'
import { startInfluxdb } from '#bench/support/influxdb.ts'
import type { Peer } from '#bench/support/program.ts'
import type { Scratch } from '#bench/support/scratch.ts'
import type { Telemetry } from '#bench/support/telemetry-file.ts'
import { untilAnswers } from '#bench/support/until-answers.ts'
import { startVictoriaMetrics } from '#bench/support/victoria-metrics.ts'
import type { Engine } from '#bench/store/engine.ts'
import { createInfluxdb } from '#bench/store/engines/influxdb.ts'
import { createVictoriaMetrics } from '#bench/store/engines/victoria-metrics.ts'

export interface Totals {
  readonly count: number
  readonly sum: number
}

export interface Receiver {
  readonly pid: number
  readonly port: number
  readonly mqttPort?: number | undefined
  /** Whether the newest sample that was sent for a tag can be read: its path, or its number for the others. */
  readonly canBeRead: (tag: { readonly path: string; readonly number: number }, time: Micros) => Promise<boolean>
  /** All samples that are there. Ends the receiver. */
  readonly endWithTotals: () => Promise<Totals>
}

export type StartReceiver = (scratch: Scratch, folder: string, telemetry: Telemetry) => Promise<Receiver>

/** With a broker on `mqttPort`, or without. */
export async function startMillwright(scratch: Scratch, folder: string, tags: number, mqttPort: number | undefined): Promise<Receiver> {
  const child = await startChild(scratch, join(import.meta.dirname, 'millwright.process.ts'))
  const port = await child.ask<number>('start', folder, tags, mqttPort)
  const http = createHttpClient(port)
  return {
    pid: child.pid,
    port,
    mqttPort,
    async canBeRead({ path }, time) {
      const query = new URLSearchParams({ tag: path, order: 'desc', limit: '1' })
      const answer = JSON.parse((await http.get(`/api/v1/samples?${query.toString()}`)).toString()) as { samples: { time: string }[] }
      return Date.parse(answer.samples[0]?.time ?? '') * 1000 === time
    },
    async endWithTotals() {
      http.close()
      await child.ask('stop')
      await child.end()
      return totalsOfStore(join(folder, 'store'))
    },
  }
}

async function totalsOfStore(folder: string): Promise<Totals> {
  const store = createEmbeddedStore({ folder })
  await store.open()
  const columns = await store.buckets(
    Array.from(store.tags(), ({ path }) => path),
    Float64Array.of(0, Number.MAX_SAFE_INTEGER),
  )
  const { samples } = store.statistics()
  await store.close()
  return { count: samples, sum: columns.reduce((sum, column) => sum + (column.sum[0] ?? 0), 0) }
}

export const startVictoriaMetricsReceiver =
  (file: string): StartReceiver =>
  async (scratch, folder, telemetry) => {
    const peer = await startVictoriaMetrics(scratch, file, folder)
    return receiverOf(peer, createVictoriaMetrics({ ...peer, folder, url: '', tags: telemetry.tags }), telemetry, async () => {
      // What it acknowledged can be read, and is on the disk, a second later; asked for, at once.
      await fetch(`http://127.0.0.1:${peer.port}/internal/force_flush`)
    })
  }

export const startInfluxdbReceiver =
  (file: string): StartReceiver =>
  async (scratch, folder, telemetry) => {
    const peer = await startInfluxdb(scratch, file, folder)
    return receiverOf(peer, createInfluxdb({ ...peer, folder, url: '', tags: telemetry.tags }), telemetry, async () => {})
  }

/** How long what was acknowledged may take until all of it can be read. */
const readableTimeoutMs = 30_000

async function receiverOf(peer: Peer, engine: Engine, { from, to, unique }: Telemetry, flush: () => Promise<void>): Promise<Receiver> {
  await untilAnswers(() => engine.open())
  return {
    pid: peer.pid,
    port: peer.port,
    async canBeRead({ number }, time) {
      await flush()
      return (await engine.raw(number, { from: time, to: time + 1000 })).time[0] === time
    },
    async endWithTotals() {
      const end = performance.now() + readableTimeoutMs
      let totals = await engine.totals({ from, to })
      // While VictoriaMetrics moves rows from one place to the next, they are in neither.
      while (totals.count !== unique && performance.now() < end) {
        await flush()
        totals = await engine.totals({ from, to })
      }
      await engine.close()
      await peer.stop()
      return totals
    },
  }
}
