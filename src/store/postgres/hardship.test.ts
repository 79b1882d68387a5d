// What the store in PostgreSQL does when another takes its partition, when the server or a connection is gone, and when bytes are damaged.
import { chown, mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Pool } from 'pg'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { batchOf, type Batch } from '#core/batch.ts'
import { ManualClock } from '#core/clock.ts'
import { ConfigError, RetryLater } from '#core/errors.ts'
import { dayUs } from '#core/time.ts'
import { createPool } from '#database/postgres.ts'
import { longTermContract, noise as days } from '#test/contracts/long-term.ts'
import { startPostgres, type PostgresServer } from '#test/support/postgres.ts'
import { mountSmallDisk } from '#test/support/small-disk.ts'
import { createPostgresStore, type PostgresStoreSettings } from './postgres-store.ts'
import { openSchema } from './schema.ts'
import { query, statement } from './sql.ts'
import { takePartition, TakenOver } from './take-partition.ts'
import { WriteSession } from './write-session.ts'

const tag = 'm/pressure'
let server: PostgresServer
beforeAll(async () => void (server = await startPostgres({ fsync: false })))
afterAll(() => server[Symbol.asyncDispose]())

async function makePool(): Promise<Pool> {
  const pool = createPool(await server.createDatabase())
  onTestFinished(() => pool.end())
  return pool
}

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'millwright-store-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}

async function setUp(given: Partial<PostgresStoreSettings> = {}) {
  const pool = given.pool ?? (await makePool())
  const folder = given.folder ?? (await makeFolder())
  const said: string[] = []
  const log = { info: (message: string) => void said.push(message), warn: (message: string) => void said.push(message) }
  const store = createPostgresStore({ pool, folder, log, ...given })
  await store.open()
  onTestFinished(() => store.close())
  return { pool, folder, said, store }
}

/** `count` rows from second `first` on, with values that do not compress well. */
function noise(first: number, count: number, path = tag): Batch {
  return batchOf(
    Array.from({ length: count }, (_, index) => ({ tag: path, time: (first + index) * 1e6, value: Math.sin((first + index) ** 2) })),
  )
}

const countOf = async (pool: Pool, table: string) =>
  (await query(pool, statement(`count ${table}`, `select count(*) from ${table}`)))[0]?.[0]

longTermContract('the PostgreSQL store', setUp)

test('S12: whoever opens a partition last has it; the one before can never commit again, loses nothing, and says so', async () => {
  const { store: older, pool, said } = await setUp()
  await older.append([{ batch: noise(0, 100) }])
  await older.seal()
  await older.append([{ batch: noise(100, 100) }])
  const { store: newer } = await setUp({ pool })
  await older.seal()
  expect(older.statistics().sealFailure).toMatch(/partition 0 .* belongs to another Millwright now \(epoch 2, this one has 1\).* stop it/)
  expect(said.filter((message) => message.startsWith('cannot seal'))).toHaveLength(1)
  await expect(older.remove(tag)).rejects.toThrow(RetryLater)
  expect((await newer.read(tag, 0, 1e12, 1e6)).time.length).toBe(100)
  await newer.append([{ batch: noise(300, 100) }])
  await newer.seal()
  await older.seal()
  expect(await countOf(pool, 'telemetry.chunk')).toBe(1)
  await older.close()
  await newer.close()
  await older.open()
  expect((await older.read(tag, 0, 1e12, 1e6)).value).toEqual(Float64Array.of(...noise(0, 200).value, ...noise(300, 100).value))
  expect(older.statistics()).toMatchObject({ samples: 300, sealFailure: undefined })
})

test('S12: a transaction that an owner left open holds up no successor, and is undone', async () => {
  const pool = await makePool()
  await openSchema(pool)
  const session = new WriteSession(pool, await takePartition(pool, 3, 10))
  await session.begin()
  await session.ask(statement('origin', "insert into telemetry.origin values (3, 'a', 1)"))
  await expect(takePartition(pool, 3, 9)).rejects.toThrow(TakenOver)
  const successor = new WriteSession(pool, await takePartition(pool, 3, 11))
  await expect(session.commit()).rejects.toThrow(/telemetry cannot be written/)
  await session.rollback()
  await expect(session.begin()).rejects.toThrow(/epoch 11, this one has 10/)
  await successor.begin()
  await successor.commit()
  expect(await countOf(pool, 'telemetry.origin')).toBe(0)
})

test('S12: partitions of one database keep their tags apart, also when both are new at once', async () => {
  const pool = await makePool()
  const stores = await Promise.all([0, 1, 2].map(async (partition) => (await setUp({ pool, partition })).store))
  for (const [index, store] of stores.entries()) await store.append([{ batch: noise(0, 10 + index, `m-${index}/a`) }])
  await Promise.all(stores.map((store) => store.seal()))
  for (const [index, store] of stores.entries()) {
    await store.append([{ batch: noise(100, 10, `m-${index}/b`) }])
    await store.close()
    await store.open()
    expect([...store.tags()].map(({ path }) => path)).toEqual([`m-${index}/a`, `m-${index}/b`])
    expect((await store.read(`m-${index}/a`, 0, 1e12, 1e6)).time.length).toBe(10 + index)
    expect(store.statistics().samples).toBe(20 + index)
  }
})

test('S12: a schema of a newer version, and rights that are missing, are refused with a plain sentence', async () => {
  const { store, pool } = await setUp()
  await store.close()
  await pool.query('update telemetry.version set version = 99')
  await expect(store.open()).rejects.toThrow(/written by a newer Millwright \(format 99/)
  await pool.query(`create user guest_${process.pid} password 'x'`)
  const url = new URL(await server.createDatabase())
  Object.assign(url, { username: `guest_${process.pid}`, password: 'x' })
  const guest = createPool(url.href)
  onTestFinished(() => guest.end())
  await expect(createPostgresStore({ pool: guest, folder: await makeFolder() }).open()).rejects.toThrow(ConfigError)
})

test('S13: a damaged chunk is said and counted, and everything else stays readable', async () => {
  const { store, pool, said } = await setUp()
  await store.append([{ batch: noise(0, 20_000) }, { batch: noise(0, 100, 'm/other') }])
  await store.close()
  await store.open()
  await pool.query(`update telemetry.chunk set bytes = overlay(bytes placing '\\x00112233' from 101)
    where tag = (select id from telemetry.tag where path = '${tag}') and start = 8000000000`)
  expect((await store.read(tag, 0, 1e12, 1e6)).time.length).toBe(16_000)
  expect((await store.read('m/other', 0, 1e12, 1e6)).time.length).toBe(100)
  expect(store.statistics().damaged).toBe(1)
  expect(said.filter((message) => message.includes('cannot be read'))).toHaveLength(1)
  // Rows that fall into it are taken; what is left of it is kept aside.
  await store.append([{ batch: noise(9000, 10) }])
  await store.seal()
  expect(store.statistics().sealFailure).toBeUndefined()
  expect((await store.read(tag, 0, 1e12, 1e6)).time.length).toBe(16_010)
  expect(await countOf(pool, 'telemetry.damaged_chunk')).toBe(1)
  expect(store.statistics().samples).toBe(16_110)
})

test('S11: kills of the server, and of connections at any moment, cost nothing that was acknowledged, and nothing is counted twice', async () => {
  const { store, pool, said } = await setUp({ hotRowsMax: 4000 })
  let written = 0
  const end = new AbortController()
  const writing = (async () => {
    while (!end.signal.aborted) {
      // Late rows too: every batch begins before the last one ended.
      await vi.waitFor(() => store.append([{ batch: noise(written * 400, 500) }]), 60_000)
      written++
      if (written % 3 === 0) await store.seal()
    }
  })()
  const quarrel = async () => {
    await pool
      .query('select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()')
      .catch(() => {})
  }
  for (let kills = 0; kills < 25; kills++) {
    const before = written
    await quarrel()
    if (kills % 10 === 5) {
      await server.kill()
      await server.start()
    }
    await vi.waitFor(() => expect(written).toBeGreaterThan(before), { timeout: 30_000, interval: 1 + kills })
  }
  end.abort()
  await writing
  const rows = written * 400 + 100
  await vi.waitFor(async () => {
    await store.seal()
    expect(store.statistics().sealFailure).toBeUndefined()
  }, 30_000)
  expect((await store.read(tag, 0, 1e12, 1e9)).value).toEqual(noise(0, rows).value)
  expect(store.statistics()).toMatchObject({ samples: rows, hotRows: 0 })
  await store.close()
  await store.open()
  expect((await store.read(tag, 0, 1e12, 1e9)).value).toEqual(noise(0, rows).value)
  expect(store.statistics()).toMatchObject({ samples: rows, logBytes: 0 })
  expect(said.some((message) => /^cannot seal telemetry .* see that PostgreSQL runs/.test(message))).toBe(true)
  expect(said.at(-1)).toBe('sealing works again')
})

test('S15: while PostgreSQL is away rows are taken until the log is full, questions are to be asked later, and all goes on by itself', async () => {
  const clock = new ManualClock()
  const { store } = await setUp({ clock, logBytesMax: 100_000, sealRetryMs: 1000 })
  await store.append([{ batch: noise(0, 1000) }])
  await store.seal()
  await server.kill()
  await expect(store.read(tag, 0, 1e12, 10)).rejects.toThrow(/telemetry cannot be read from PostgreSQL: .* try again/)
  let sequence = 1
  await expect(
    (async () => {
      for (;;) {
        await store.append([{ batch: noise(sequence * 1000, 1000), origin: { source: 'a', sequence } }])
        sequence++
      }
    })(),
  ).rejects.toThrow(/telemetry cannot be sealed in PostgreSQL .* it goes on by itself/)
  expect(sequence).toBeGreaterThan(4)
  await server.start()
  await vi.waitFor(async () => {
    await clock.advance(1000)
    expect(store.statistics().sealFailure).toBeUndefined()
  }, 30_000)
  await store.append([{ batch: noise(sequence * 1000, 1000), origin: { source: 'a', sequence } }])
  expect((await store.read(tag, 0, 1e12, 1e9)).value).toEqual(noise(0, (sequence + 1) * 1000).value)
})

test('S15: while the disk of PostgreSQL is full nothing is lost, reading goes on, and sealing goes on by itself when there is space', async ({
  skip,
}) => {
  const disk = mountSmallDisk(10) ?? skip('no disk can be mounted here')
  onTestFinished(disk.remove)
  const tables = join(disk.folder, 'tables')
  const { uid, gid } = await stat(server.folder)
  await mkdir(tables)
  await chown(tables, uid, gid)
  await (await makePool()).query(`create tablespace small location '${tables}'`)
  const pool = createPool(`${await server.createDatabase()}?options=-c%20default_tablespace%3Dsmall`)
  onTestFinished(() => pool.end())
  const { store, said } = await setUp({ pool })
  disk.fill(3_000_000)
  let sequence = 0
  while (store.statistics().sealFailure === undefined) {
    await store.append([{ batch: noise(sequence * 20_000, 20_000) }])
    sequence++
    await store.seal()
  }
  expect(store.statistics().sealFailure).toMatch(/No space left on device/)
  expect((await store.read(tag, 0, Infinity, 1e9)).value).toEqual(noise(0, sequence * 20_000).value)
  await store.seal()
  disk.relieve()
  await store.seal()
  expect(store.statistics()).toMatchObject({ sealFailure: undefined, hotRows: 0, samples: sequence * 20_000 })
  await store.close()
  await store.open()
  expect((await store.read(tag, 0, Infinity, 1e9)).value).toEqual(noise(0, sequence * 20_000).value)
  expect(said.filter((message) => message.startsWith('cannot seal'))).toHaveLength(1)
  await store.close()
  await pool.query('drop schema telemetry cascade')
})

test('S17: a month of which nothing is kept is dropped, and made again when rows of it come', async () => {
  const { store, pool } = await setUp({ retention: { rules: [{ tags: '**', raw: 3 }], bytesMax: Infinity } })
  const months = async () =>
    (await pool.query<{ name: string }>("select relname as name from pg_class where relname ~ '^chunk_[0-9]+$' order by 1")).rows.map(
      ({ name }) => name,
    )
  for (const day of [0, 29, 30, 31, 32]) await store.append([{ batch: days(day) }])
  await store.seal()
  expect(await months()).toEqual(['chunk_202601', 'chunk_202602'])
  await store.append([{ batch: days(60) }])
  await store.seal()
  await store.retain()
  expect(await months()).toEqual(['chunk_202603'])
  const other = Date.UTC(2026, 0, 5) * 1000
  await store.append([{ batch: batchOf([{ tag: 'm/other', time: other, value: 1 }]) }])
  await store.seal()
  expect(await months()).toEqual(['chunk_202601', 'chunk_202603'])
  expect((await store.read('m/other', 0, other + dayUs, 9)).value).toEqual(Float64Array.of(1))
})
