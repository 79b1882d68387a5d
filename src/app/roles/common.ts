// What the roles of a process have in common: its connections to NATS and PostgreSQL, the telemetry log, the bus, and the others' presence.
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import { createNatsBus, type NatsBus } from '#bus/nats/bus.ts'
import { connectNats, type NatsLink } from '#bus/nats/connect.ts'
import { joinPresence, type Presence } from '#bus/nats/presence.ts'
import { openTelemetryLog, type PartitionState, type TelemetryLog } from '#bus/nats/telemetry-log.ts'
import { every, systemClock, type Clock } from '#core/clock.ts'
import type { Plant } from '#core/plant.ts'
import { openDatabase, type Database } from '#database/open.ts'
import { createPool } from '#database/postgres.ts'
import { version } from '#app/version.ts'
import type { Places, Role } from './role.ts'

export interface CommonOptions extends Places {
  readonly roles: readonly Role[]
  readonly plant: Plant
  /** Of the telemetry log, when this process is the first. */
  readonly partitions?: number | undefined
  /** Bytes on each NATS server that the telemetry log may take. */
  readonly logBytesMax?: number | undefined
  readonly log: Logger
}

export interface Common extends Pick<CommonOptions, 'roles' | 'plant' | 'log'> {
  /** Of this process, new with every start. */
  readonly id: string
  readonly clock: Clock
  readonly link: NatsLink
  readonly pool: Pool
  readonly database: Database
  readonly partitions: number
  readonly bus: NatsBus
  /** What waits in the telemetry log, as of some seconds ago; empty when that cannot be had. */
  readonly waiting: () => readonly PartitionState[]
  /** Lets the others see this process in all its roles, and this one them. */
  readonly join: (url: string, numbers: () => Record<string, number>) => Promise<void>
  readonly members: Presence['members']
  /** Says good-bye to the others. */
  readonly leave: () => Promise<void>
}

const lookPeriodMs = 5_000

/** Connects. `started` takes what ends it again, also of what was begun before it throws `ConfigError`. */
export async function openCommon(options: CommonOptions, started: (() => Promise<unknown> | void)[]): Promise<Common> {
  const { roles, plant, natsUrl, databaseUrl, partitions, logBytesMax: bytesMax, log } = options
  const clock = systemClock
  const id = randomUUID()
  const database = await openDatabase(databaseUrl)
  started.push(() => database.destroy())
  const pool = createPool(databaseUrl)
  started.push(() => pool.end())
  const link = await connectNats({ url: natsUrl, name: `millwright ${roles.join(' ')}`, clock, log })
  started.push(() => link.close())
  const telemetryLog = await openTelemetryLog({ link, clock, log, partitions, bytesMax })
  const bus = createNatsBus({ link, partitions: telemetryLog.partitions, clock, log, failed: (error) => log.error(error) })
  const { waiting, stop } = lookAt(telemetryLog, clock)
  started.push(stop)
  let presences: Presence[] = []
  return {
    roles,
    plant,
    log,
    id,
    clock,
    link,
    pool,
    database,
    partitions: telemetryLog.partitions,
    bus,
    waiting,
    async join(url, numbers) {
      for (const role of roles) {
        const member = { role, id, host: hostname(), pid: process.pid, version, addresses: [url] }
        presences.push(await joinPresence({ link, clock, log, member, numbers }))
      }
    },
    members: (role) => presences[0]?.members(role) ?? [],
    async leave() {
      const leaving = presences
      presences = []
      await Promise.all(leaving.map((presence) => presence.leave()))
    },
  }
}

/** Looks at the telemetry log now and then. */
function lookAt(telemetryLog: TelemetryLog, clock: Clock): { waiting: () => readonly PartitionState[]; stop: () => void } {
  let newest: readonly PartitionState[] = []
  const look = async () => {
    newest = await telemetryLog.state().catch(() => [])
  }
  void look()
  return { waiting: () => newest, stop: every(clock, lookPeriodMs, look) }
}
