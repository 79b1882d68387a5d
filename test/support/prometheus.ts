// A real Prometheus of a test's own: the reference for what PromQL means. It takes samples by remote write.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { vi } from 'vitest'
import { freePort } from './free-port.ts'
import { startProgram } from './program.ts'
import { requireTool } from './tool.ts'

export interface PrometheusSeries {
  /** With `__name__`. */
  readonly labels: Readonly<Record<string, string>>
  /** Ascending in time; null marks the series as ended there. */
  readonly samples: readonly { readonly timeMs: number; readonly value: number | null }[]
}

export interface PrometheusServer extends AsyncDisposable {
  readonly url: string
  /** Stores series; what was stored before must be older. */
  write(series: readonly PrometheusSeries[]): Promise<void>
}

export async function startPrometheus(): Promise<PrometheusServer> {
  const folder = await mkdtemp(join(tmpdir(), 'millwright-prometheus-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  await writeFile(join(folder, 'prometheus.yml'), '{}\n')
  const program = startProgram(requireTool('prometheus', 'prometheus'), [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--web.enable-remote-write-receiver',
    '--log.level=error',
  ])
  const dispose = async () => {
    await program.kill()
    await rm(folder, { recursive: true, force: true })
  }
  const ready = async () => {
    const { ok } = await fetch(`${url}/-/ready`)
    if (!ok) throw new Error(`prometheus is not ready: ${program.errors()}`)
  }
  await vi.waitFor(ready, { timeout: 20_000 }).catch(async (error: unknown) => {
    await dispose()
    throw error
  })
  return {
    url,
    async write(series) {
      for (const part of inTime(series)) {
        const headers = {
          'content-encoding': 'snappy',
          'content-type': 'application/x-protobuf',
          'x-prometheus-remote-write-version': '0.1.0',
        }
        const answer = await fetch(`${url}/api/v1/write`, { method: 'POST', headers, body: snappy(writeRequest(part)) })
        if (!answer.ok) throw new Error(`prometheus refuses the samples: ${await answer.text()}`)
      }
    },
    [Symbol.asyncDispose]: dispose,
  }
}

/** Prometheus refuses what is more than an hour older than its newest sample: all series go on together. */
function inTime(series: readonly PrometheusSeries[]): PrometheusSeries[][] {
  const partMs = 1_800_000
  const parts = new Set(series.flatMap(({ samples }) => samples.map(({ timeMs }) => Math.floor(timeMs / partMs))))
  return [...parts]
    .toSorted((a, b) => a - b)
    .map((part) =>
      series.flatMap(({ labels, samples }) => {
        const within = samples.filter(({ timeMs }) => Math.floor(timeMs / partMs) === part)
        return within.length > 0 ? [{ labels, samples: within }] : []
      }),
    )
}

/** The NaN that ends a series. */
const staleBits = 0x7ff0_0000_0000_0002n

/** prometheus.WriteRequest in Protocol Buffers. */
function writeRequest(series: readonly PrometheusSeries[]): Buffer {
  return Buffer.concat(
    series.map(({ labels, samples }) => {
      const pairs = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))
      const texts = pairs.map(([name, value]) => field(1, Buffer.concat([field(1, Buffer.from(name)), field(2, Buffer.from(value))])))
      const points = samples.map(({ timeMs, value }) => {
        const bytes = Buffer.alloc(8)
        if (value === null) bytes.writeBigUInt64LE(staleBits)
        else bytes.writeDoubleLE(value)
        return field(2, Buffer.concat([Buffer.of((1 << 3) | 1), bytes, Buffer.of(2 << 3), varint(timeMs)]))
      })
      return field(1, Buffer.concat([...texts, ...points]))
    }),
  )
}

const field = (number: number, bytes: Uint8Array) => Buffer.concat([Buffer.of((number << 3) | 2), varint(bytes.length), bytes])

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = BigInt(value)
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  return Buffer.of(...bytes, Number(rest))
}

/** Snappy's block format, as one literal. */
function snappy(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(bytes.length - 1)
  return Buffer.concat([varint(bytes.length), Buffer.of(63 << 2), length, bytes])
}
