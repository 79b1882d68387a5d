// A gateway with the drivers of the product and a server that keeps what it gets, so that tests see what arrives at the end of the line.
import { crc32 } from 'node:zlib'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { drivers } from '#app/drivers.ts'
import { valueAt, type Sample } from '#core/batch.ts'
import { systemClock } from '#core/clock.ts'
import { decodeFrame } from '#core/frame.ts'
import { plantSchema } from '#core/plant.ts'
import type { Profile } from '#core/profile.ts'
import type { ConnectionStatus, Uplink } from '#core/uplink.ts'
import { Gateway } from '#gateway/gateway.ts'

export interface GatewayLine extends AsyncDisposable {
  readonly gateway: Gateway
  readonly log: readonly string[]
  /** What the server has of a tag, in the order of arrival; a frame that came twice counts once. */
  samples(tag: string): Sample[]
  /** The values of a tag that are no gaps. */
  values(tag: string): unknown[]
  connection(name: string): ConnectionStatus
}

/** Starts a gateway for these connections, written as in a plant file. Without a folder it gets one of its own. */
export async function startGatewayLine(
  plant: { connections: readonly object[]; machines?: readonly object[] },
  { folder, profiles = [] }: { folder?: string; profiles?: readonly Profile[] } = {},
): Promise<GatewayLine> {
  const own = folder ?? (await mkdtemp(join(tmpdir(), 'millwright-line-')))
  const arrived = new Map<string, Sample[]>()
  const seen = new Set<number>()
  const uplink: Uplink = {
    announce: async () => {},
    report: async () => {},
    send: async (_, frames) =>
      frames.map(({ sequence, frame }) => {
        const batch = decodeFrame(frame, crc32)
        if (seen.has(sequence)) return { stored: 0, duplicate: batch.count, rejected: 0 }
        seen.add(sequence)
        for (let row = 0; row < batch.count; row++) {
          const tag = batch.tags[batch.tag[row] as number] as string
          const sample = { time: batch.time[row] as number, value: valueAt(batch, row), quality: batch.quality[row] as number }
          const known = arrived.get(tag)
          if (known) known.push(sample)
          else arrived.set(tag, [sample])
        }
        return { stored: batch.count, duplicate: 0, rejected: 0 }
      }),
  }
  const log: string[] = []
  const write = (message: string) => void log.push(message)
  const gateway = new Gateway({
    name: 'edge',
    version: '1',
    plant: { ...plantSchema.parse({ plant: 'test', ...plant }), profiles: new Map(profiles.map((profile) => [profile.profile, profile])) },
    drivers,
    uplink,
    folder: own,
    clock: systemClock,
    log: { info: write, warn: write },
  })
  gateway.start()
  const samples = (tag: string) => arrived.get(tag) ?? []
  return {
    gateway,
    log,
    samples,
    values: (tag) => samples(tag).flatMap(({ value }) => value ?? []),
    connection(name) {
      const status = gateway.report().connections.find((connection) => connection.name === name)
      if (!status) throw new Error(`there is no connection ${name}`)
      return status
    },
    async [Symbol.asyncDispose]() {
      await gateway.stop()
      if (folder === undefined) await rm(own, { recursive: true })
    },
  }
}
