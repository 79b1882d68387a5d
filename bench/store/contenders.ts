// Who takes part, and how its server is started. Ours has none: it runs in its user's process.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startInfluxdb } from '#bench/support/influxdb.ts'
import { findPeer } from '#bench/support/program.ts'
import type { Scratch } from '#bench/support/scratch.ts'
import { startVictoriaMetrics } from '#bench/support/victoria-metrics.ts'
import { startPostgres, type PostgresServer } from '#test/support/postgres.ts'
import type { EngineName } from './engine.process.ts'

/** A server that runs, or nothing for ours. */
export interface Host {
  readonly pid?: number
  readonly port?: number
  readonly url?: string
  /** In order, so that everything is on the disk. */
  readonly stop: () => Promise<void>
}

export interface Contender {
  readonly name: EngineName
  readonly title: string
  /** Starts it with what is in the folder. */
  readonly host: (scratch: Scratch, folder: string) => Promise<Host>
}

/** Of those asked for, those that are here. */
export function contendersOf(names: readonly string[]): Contender[] {
  const vm = () => findPeer('victoria-metrics', 'victoria-metrics')
  const influxd = () => findPeer('influxd', 'influxdb')
  const postgres = () => findPeer('postgres', 'postgresql')
  const known: Record<string, () => Contender[]> = {
    ours: () => [{ name: 'ours', title: 'Millwright, embedded', host: async () => ({ stop: async () => {} }) }],
    vm: () =>
      withFile(vm(), (file) => [
        { name: 'vm', title: 'VictoriaMetrics, HTTP', host: (scratch, folder) => startVictoriaMetrics(scratch, file, folder) },
      ]),
    influx: () =>
      withFile(influxd(), (file) => [
        { name: 'influx', title: 'InfluxDB 1, HTTP', host: (scratch, folder) => startInfluxdb(scratch, file, folder) },
      ]),
    postgres: () =>
      withFile(postgres(), () => [
        { name: 'postgres', title: 'PostgreSQL, COPY + ON CONFLICT', host: postgresHost() },
        { name: 'postgres-copy', title: 'PostgreSQL, bare COPY', host: postgresHost() },
      ]),
  }
  return names.flatMap((name) => {
    const contenders = known[name]
    if (!contenders) throw new Error(`--only knows ${Object.keys(known).join(', ')}; "${name}" is none of them`)
    return contenders()
  })
}

const withFile = (file: string | undefined, make: (file: string) => Contender[]) => (file === undefined ? [] : make(file))

/** Room enough that it does not write everything twice, as its manual advises for bulk loads. */
const postgresSettings = { shared_buffers: '1GB', max_wal_size: '8GB', checkpoint_timeout: '15min', jit: 'off' }

function postgresHost(): Contender['host'] {
  let server: PostgresServer | undefined
  return async (scratch) => {
    const running = server ?? (await startPostgres({ settings: postgresSettings }))
    if (server) await running.start()
    else scratch.atEnd(async () => running[Symbol.asyncDispose]())
    server = running
    const pid = Number(readFileSync(join(running.folder, 'data', 'postmaster.pid'), 'utf8').split('\n')[0])
    return { pid, url: running.url('postgres'), stop: () => running.stop() }
  }
}
