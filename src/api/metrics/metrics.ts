// The server's own figures for Prometheus: counted where things happen, or read from their owners when asked for.
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { GatewayBoard } from '#core/gateway-board.ts'
import { waysIn, type Taken } from '#core/ingest.ts'
import { ledgerSchema } from '#core/uplink.ts'

const ingestBucketsS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
/** Default gauges that are named as counters; others say the same. */
const misnamed = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total']

export interface MetricsParts {
  readonly version: string
  /** What parts of the process count, by their names: every number of it becomes a gauge. */
  readonly figures: Readonly<Record<string, () => object>>
  readonly board?: Pick<GatewayBoard, 'gateways'> | undefined
}

export interface Metrics {
  readonly taken: Taken
  /** Counts a request that was answered with an error. */
  readonly refused: (status: number) => void
  /** Says how the number of live clients is found out. */
  readonly countLiveClients: (count: () => number) => void
  /** All of them, in Prometheus' text format. */
  readonly text: () => Promise<string>
  readonly contentType: string
}

export function createMetrics({ version, figures, board }: MetricsParts): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  for (const name of misnamed) registry.removeSingleMetric(name)
  new Gauge({ name: 'millwright_info', help: 'Always 1; the label is the version.', labelNames: ['version'], registers }).set(
    { version },
    1,
  )
  const refused = new Counter({
    name: 'millwright_requests_refused_total',
    help: 'Requests answered with an error, by HTTP status; 429 says that more came than could be taken.',
    labelNames: ['status'],
    registers,
  })
  const liveClients = new Gauge({ name: 'millwright_live_clients', help: 'Browsers connected to the live socket.', registers })
  const observeParts = partFigures(registry, figures)
  const observeGateways = board && gatewayFigures(registry, board)
  let countClients = () => 0
  return {
    taken: ingestFigures(registry),
    refused: (status) => refused.inc({ status }),
    countLiveClients(count) {
      countClients = count
    },
    async text() {
      liveClients.set(countClients())
      observeParts()
      observeGateways?.()
      return registry.metrics()
    },
    contentType: registry.contentType,
  }
}

function ingestFigures(registry: Registry): Taken {
  const labelNames = ['way'] as const
  const counter = (name: string, help: string) => {
    const made = new Counter({ name, help, labelNames, registers: [registry] })
    for (const way of waysIn) made.inc({ way }, 0)
    return made
  }
  const counters = {
    stored: counter('millwright_samples_stored_total', 'Samples that were new or replaced another value, by their way in.'),
    duplicates: counter('millwright_samples_duplicate_total', 'Samples that were there already.'),
    replaced: counter('millwright_samples_replaced_total', 'Samples that replaced another value; they count as stored, too.'),
    expired: counter('millwright_samples_expired_total', 'Samples that were older than what retention keeps.'),
    refused: counter('millwright_samples_rejected_total', 'Samples, and lines, that could not be taken.'),
  }
  const batches = counter('millwright_batches_total', 'Posts and frames taken in.')
  const duration = new Histogram({
    name: 'millwright_ingest_seconds',
    help: 'From the arrival of samples to their durable commit.',
    labelNames,
    buckets: ingestBucketsS,
    registers: [registry],
  })
  return (way, result, seconds) => {
    for (const key of Object.keys(counters) as (keyof typeof counters)[]) counters[key].inc({ way }, result[key])
    batches.inc({ way })
    duration.observe({ way }, seconds)
  }
}

function partFigures(registry: Registry, figures: MetricsParts['figures']): () => void {
  const gauges = new Map<string, Gauge>()
  return () => {
    for (const [part, count] of Object.entries(figures))
      for (const [key, value] of Object.entries(count()) as [string, unknown][]) {
        if (typeof value !== 'number') continue
        const name = `millwright_${part}_${key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`
        const gauge = gauges.get(name) ?? new Gauge({ name, help: `The ${part}'s ${key}, as of now.`, registers: [registry] })
        gauges.set(name, gauge)
        gauge.set(value)
      }
  }
}

function gatewayFigures(registry: Registry, board: Pick<GatewayBoard, 'gateways'>): () => void {
  const labelNames = ['gateway'] as const
  const gauge = (name: string, help: string) => new Gauge({ name, help, labelNames, registers: [registry] })
  const buffered = gauge('millwright_gateway_samples_buffered', "Samples that wait in a gateway's outbox.")
  const bytes = gauge('millwright_gateway_outbox_bytes', "Bytes of a gateway's outbox.")
  const bytesMax = gauge('millwright_gateway_outbox_limit_bytes', 'Its quota, beyond which the oldest values are dropped.')
  const lastSeen = gauge('millwright_gateway_last_report_timestamp_seconds', 'When the last report of a gateway came.')
  const counters = ledgerSchema
    .keyof()
    .options.filter((key) => key !== 'buffered')
    .map((key) => {
      const name = `millwright_gateway_samples_${key}_total`
      const help = `Samples that a gateway counts as ${key}: collected = buffered + sent + dropped, sent = stored + duplicate + rejected.`
      return [key, new Counter({ name, help, labelNames, registers: [registry] })] as const
    })
  return () => {
    for (const metric of [buffered, bytes, bytesMax, lastSeen, ...counters.map(([, counter]) => counter)]) metric.reset()
    for (const { name: gateway, lastSeen: time, report } of board.gateways()) {
      buffered.set({ gateway }, report.ledger.buffered)
      bytes.set({ gateway }, report.outbox.bytes)
      bytesMax.set({ gateway }, report.outbox.bytesMax)
      lastSeen.set({ gateway }, time / 1e6)
      for (const [key, counter] of counters) counter.inc({ gateway }, report.ledger[key])
    }
  }
}
