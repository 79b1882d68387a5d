// Who may write a partition of the telemetry: whoever took it last. Taking it ends what an earlier owner has under way, and nothing it begins
// afterwards commits, however late it wakes up: every transaction first compares its epoch with the partition's.
import type { ClientBase, Pool } from 'pg'
import { ConfigError } from '#core/errors.ts'
import type { Totals } from '#store/engine/shelf.ts'
import { transaction } from './schema.ts'
import { query, statement } from './sql.ts'

/** Partitions that one database can have: the ids of a partition's tags are those with its number as the rest of a division by this. */
export const partitionsMax = 1024

/** Another process has taken the partition: this one can store nothing more in it. */
export class TakenOver extends ConfigError {
  override name = 'TakenOver'
}

export interface Holding {
  readonly partition: number
  readonly epoch: number
}

export interface PartitionState {
  /** How often it was committed. */
  readonly version: number
  readonly totals: Totals
  /** How far the log named `log` is sealed. */
  readonly segment: number
  readonly log: string
  /** What its telemetry takes, about. */
  readonly bytes: number
}

/** Every transaction of a partition's owner holds the lock with this first key and the partition as the second. */
const ownersLock = 0x6d_69_6c_70
const lock = statement('own', 'select pg_advisory_xact_lock($1::int, $2::int)')
const state = statement(
  'state',
  'select epoch, version, samples, replaced, expired, segment, log, bytes from telemetry.partition where partition = $1',
)
const make = statement('make', 'insert into telemetry.partition(partition, epoch) values ($1, 0) on conflict do nothing')
const take = statement(
  'take',
  `update telemetry.partition set epoch = coalesce($2::bigint, epoch + 1) where partition = $1 and ($2::bigint is null or epoch <= $2) returning epoch`,
)
const owners = `select pid from pg_locks where locktype = 'advisory' and classid = $1::int::oid and objid = $2::int::oid and objsubid = 2
  and database = (select oid from pg_database where datname = current_database())`
const end = statement('end owners', `select pg_terminate_backend(pid) from (${owners}) as owner`)

/**
 * Takes a partition: with the epoch given, the fencing token of a lease, or the next one. Throws `TakenOver` when it is held with a
 * higher one.
 */
export async function takePartition(pool: Pool, partition: number, token?: number): Promise<Holding> {
  await query(pool, make, [partition])
  const [found] = await query(pool, state, [partition])
  if (token !== undefined && token < Number(found?.[0])) throw takenOver({ partition, epoch: token }, Number(found?.[0]))
  await query(pool, end, [ownersLock, partition])
  return transaction(pool, async (client) => {
    await query(client, lock, [ownersLock, partition])
    const [taken] = await query(client, take, [partition, token ?? null])
    if (!taken) throw takenOver({ partition, epoch: token as number })
    return { partition, epoch: taken[0] as number }
  })
}

/** Inside a transaction: holds others off until its end, and reads the partition's state. Throws `TakenOver`. */
export async function confirmHolding(client: ClientBase, holding: Holding): Promise<PartitionState> {
  await query(client, lock, [ownersLock, holding.partition])
  return stateOf(client, holding)
}

/** Throws `TakenOver` when the partition is not held any more. */
export async function stateOf(on: Pool | ClientBase, holding: Holding): Promise<PartitionState> {
  const [row] = await query(on, state, [holding.partition])
  const [epoch, version, samples, replaced, expired, segment, log, bytes] = row as [
    number,
    number,
    number,
    number,
    number,
    number,
    string,
    number,
  ]
  if (epoch !== holding.epoch) throw takenOver(holding, epoch)
  return { version, totals: { samples, replaced, expired }, segment, log, bytes }
}

const takenOver = ({ partition, epoch }: Holding, now?: number) =>
  new TakenOver(
    `partition ${partition} of the telemetry in PostgreSQL belongs to another Millwright now (epoch ${now ?? 'unknown'}, this one has ${epoch}): this one stores nothing more in it; stop it`,
  )
