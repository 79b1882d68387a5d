// What /api/v1/health answers: each part of the server and each gateway, in plain words.
import { statfs } from 'node:fs/promises'
import { sql } from 'kysely'
import type { Clock } from '#core/clock.ts'
import { messageOf } from '#core/errors.ts'
import { isSilent, type GatewayBoard, type GatewayEntry } from '#core/gateway-board.ts'
import type { StoreStatistics } from '#core/store.ts'
import { formatSize } from '#core/size.ts'
import { formatTime, type Micros } from '#core/time.ts'
import type { ConnectionStatus } from '#core/uplink.ts'
import type { Database } from '#database/open.ts'
import type { EmbeddedStatistics } from '#store/embedded/embedded-store.ts'
import type { RowFeed } from '#store/postgres/rows/row-feed.ts'

const diskFreeBytesMin = 500_000_000
/** Part of its quota beyond which an outbox is said to fill up. */
const outboxFullPart = 0.9

export interface HealthCheck {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
}

/** What only some stores tell may be missing. */
type CheckedStatistics = StoreStatistics & Partial<Pick<EmbeddedStatistics, 'sealFailure' | 'quotaNotice' | 'damaged'>>

export interface HealthParts {
  readonly store: { statistics(): CheckedStatistics }
  readonly board: Pick<GatewayBoard, 'gateways'>
  readonly clock: Clock
  /** The data folder. */
  readonly folder: string
  /** Absent without the demo. */
  readonly simulators?: { readonly running: boolean } | undefined
  /** Absent where it is a file. */
  readonly database?: Database | undefined
  /** Absent without the rows mode. */
  readonly rows?: Pick<RowFeed, 'trouble' | 'behind'> | undefined
}

export async function healthChecks({ store, board, clock, folder, simulators, database, rows }: HealthParts): Promise<HealthCheck[]> {
  const now = clock.now()
  return [
    storeCheck(store.statistics()),
    await diskCheck(folder),
    ...(database ? [await databaseCheck(database)] : []),
    ...(rows ? [rowsCheck(rows)] : []),
    ...[...board.gateways()].map((entry) => gatewayCheck(entry, now)),
    ...(simulators
      ? [{ name: 'simulators', ok: simulators.running, detail: simulators.running ? 'running' : 'not running; they are started again' }]
      : []),
  ]
}

function storeCheck({ samples, tags, bytesOnDisk, sealFailure, damaged = 0, quotaNotice }: CheckedStatistics): HealthCheck {
  const troubles = [
    ...(sealFailure === undefined ? [] : [`telemetry waits in the log, because it cannot be sealed: ${sealFailure}`]),
    ...(damaged === 0 ? [] : [`${damaged} chunks, arrays or records cannot be read; "millwright check" says what to do`]),
    ...(quotaNotice === undefined ? [] : [quotaNotice]),
  ]
  const size = `${samples} samples of ${tags} tags in ${formatSize(bytesOnDisk)}`
  return { name: 'store', ok: troubles.length === 0, detail: [size, ...troubles].join('; ') }
}

export async function databaseCheck(database: Database): Promise<HealthCheck> {
  try {
    await sql`select 1`.execute(database)
    return { name: 'database', ok: true, detail: 'PostgreSQL answers' }
  } catch (error) {
    return { name: 'database', ok: false, detail: messageOf((error as Error).cause ?? error) }
  }
}

function rowsCheck(feed: Pick<RowFeed, 'trouble' | 'behind'>): HealthCheck {
  const trouble = feed.trouble()
  const { rows, tags } = feed.behind()
  const detail = rows + tags === 0 ? 'up with the store' : `${rows} rows wait, ${tags} tags are read from the store`
  return { name: 'rows for SQL', ok: trouble === undefined, detail: trouble === undefined ? detail : `${trouble}; ${detail}` }
}

async function diskCheck(folder: string): Promise<HealthCheck> {
  try {
    const { bavail, bsize } = await statfs(folder)
    const free = bavail * bsize
    return { name: 'disk', ok: free >= diskFreeBytesMin, detail: `${(free / 1e9).toFixed(1)} GB free for ${folder}` }
  } catch (error) {
    return { name: 'disk', ok: false, detail: `the data folder cannot be looked at: ${messageOf(error)}` }
  }
}

export function gatewayCheck(entry: GatewayEntry, now: Micros): HealthCheck {
  const { connections, outbox } = entry.report
  const troubles = isSilent(entry, now)
    ? [`no report since ${formatTime(entry.lastSeen)}`]
    : [
        ...connections.filter(isDown).map(({ name, detail }) => `${name}: ${detail}`),
        ...(outbox.bytes > outbox.bytesMax * outboxFullPart
          ? [`its outbox is ${Math.floor((100 * outbox.bytes) / outbox.bytesMax)} % full; then the oldest values are dropped`]
          : []),
      ]
  return { name: `gateway ${entry.name}`, ok: troubles.length === 0, detail: troubles.join('; ') || 'all connections up' }
}

/** The first connecting is no trouble yet; connecting again is. */
function isDown({ state, reconnects }: ConnectionStatus): boolean {
  return state === 'waiting' || state === 'failed' || (state === 'connecting' && reconnects > 0)
}
