// The ways in that are compared.
import { freePort } from '#test/support/free-port.ts'
import { findPeer } from '#bench/support/program.ts'
import type { Scratch } from '#bench/support/scratch.ts'
import { machineName, tagName, tagPath, type Telemetry } from '#bench/support/telemetry-file.ts'
import { startInfluxdbReceiver, startMillwright, startVictoriaMetricsReceiver, type Receiver } from './receivers.ts'
import type { BodyKind } from './wire-bodies.ts'

export interface Way {
  readonly name: string
  readonly title: string
  readonly kind: BodyKind | 'mqtt'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly start: (scratch: Scratch, folder: string, telemetry: Telemetry) => Promise<Receiver>
  /** What Millwright calls the tag of this number. */
  readonly tagPath: (tag: number) => string
}

const millwright = {
  start: (scratch: Scratch, folder: string, { tags }: Telemetry) => startMillwright(scratch, folder, tags, undefined),
  tagPath,
}
/** docs/specs/line-protocol.md: what a line without a path becomes. */
const tagPathOfLines = (tag: number) => `influx/samples/machine:${machineName(tag)}:tag:${tagName(tag)}/v`
const text = { 'content-type': 'text/plain' }

/** Of those asked for, those whose programs are here. */
export function waysOf(names: readonly string[]): Way[] {
  const known: Record<string, () => Way[]> = {
    frame: () => [
      {
        ...millwright,
        name: 'frame',
        title: 'Millwright, batch frames',
        kind: 'frame',
        path: '/api/v1/batches',
        headers: { 'content-type': 'application/vnd.millwright.batch' },
      },
    ],
    json: () => [
      {
        ...millwright,
        name: 'json',
        title: 'Millwright, JSON',
        kind: 'json',
        path: '/api/v1/samples',
        headers: { 'content-type': 'application/json' },
      },
    ],
    lines: () => [
      {
        ...millwright,
        name: 'lines',
        title: 'Millwright, line protocol',
        kind: 'lines',
        path: '/api/v2/write?precision=us',
        headers: text,
        tagPath: tagPathOfLines,
      },
    ],
    mqtt: () => [
      {
        ...millwright,
        name: 'mqtt',
        title: 'Millwright, MQTT QoS 1',
        kind: 'mqtt',
        path: '',
        headers: {},
        start: async (scratch, folder, { tags }) => startMillwright(scratch, folder, tags, await freePort()),
      },
    ],
    vm: () =>
      withFile(findPeer('victoria-metrics', 'victoria-metrics'), (file) => ({
        ...millwright,
        name: 'vm',
        title: 'VictoriaMetrics, line protocol',
        kind: 'lines',
        path: '/write?precision=u',
        headers: text,
        start: startVictoriaMetricsReceiver(file),
      })),
    influx: () =>
      withFile(findPeer('influxd', 'influxdb'), (file) => ({
        ...millwright,
        name: 'influx',
        title: 'InfluxDB, line protocol',
        kind: 'lines',
        path: '/write?db=bench&precision=u',
        headers: text,
        start: startInfluxdbReceiver(file),
      })),
  }
  return names.flatMap((name) => {
    const ways = known[name]
    if (!ways) throw new Error(`--only knows ${Object.keys(known).join(', ')}; "${name}" is none of them`)
    return ways()
  })
}

const withFile = (file: string | undefined, make: (file: string) => Way) => (file === undefined ? [] : [make(file)])
