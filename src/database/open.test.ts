import { existsSync } from 'node:fs'
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { sql, type Kysely } from 'kysely'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { runMillwright } from '#test/support/command-line.ts'
import { databaseKinds, startDatabases, type Databases } from '#test/support/databases.ts'
import { startPostgres, type PostgresServer } from '#test/support/postgres.ts'
import { migrations } from './migrations.ts'
import { openDatabase } from './open.ts'

const later = (up: (database: Kysely<unknown>) => Promise<void>) => ({ ...migrations, '9999-later': { up } })
const addsTable = later(async (database) => {
  await database.schema.createTable('later').addColumn('n', 'integer').execute()
})
const fails = later(async (database) => {
  await database.schema.createTable('half').addColumn('n', 'integer').execute()
  await sql`delete from machine`.execute(database)
  throw new Error('the new table does not fit')
})

describe.each(databaseKinds)('%s', (kind) => {
  let databases: Databases
  beforeAll(async () => void (databases = await startDatabases(kind)))
  afterAll(() => databases[Symbol.asyncDispose]())

  /** A database of today with one machine. */
  async function existing(): Promise<string> {
    const place = await databases.place()
    const database = await openDatabase(place)
    await database.insertInto('machine').values({ path: 's/pump', name: null, profile: null }).execute()
    await database.destroy()
    return place
  }

  test('whole numbers of 64 bits come back as numbers', async () => {
    const database = await openDatabase(await databases.place())
    const row = { gateway: 'g', hash: 'h', createdAt: 1_790_000_000_123_456 }
    await database.insertInto('gatewayToken').values(row).execute()
    expect(await database.selectFrom('gatewayToken').selectAll().execute()).toEqual([row])
    expect(await database.selectFrom('gatewayToken').select(database.fn.countAll().as('count')).execute()).toEqual([{ count: 1 }])
    await database.destroy()
  })

  test('a database that a newer Millwright wrote is refused with the mend, and opens with that one', async () => {
    const place = await existing()
    await (await openDatabase(place, addsTable)).destroy()
    await expect(openDatabase(place)).rejects.toMatchObject({
      name: 'ConfigError',
      message: expect.stringMatching(/written by a newer Millwright \(schema 9999-later; .*: start that one, or bring back a copy/),
    })
    await (await openDatabase(place, addsTable)).destroy()
  })

  test('a migration that fails changes nothing, and says so', async () => {
    const place = await existing()
    await expect(openDatabase(place, fails)).rejects.toMatchObject({
      name: 'ConfigError',
      message: expect.stringMatching(/to schema 9999-later: the new table does not fit\. Nothing of it was changed/),
    })
    const database = await openDatabase(place)
    expect(await database.selectFrom('machine').select('path').execute()).toEqual([{ path: 's/pump' }])
    expect((await database.introspection.getTables()).map(({ name }) => name)).not.toContain('half')
    await database.destroy()
  })

  test('processes that migrate at the same time do not collide', async () => {
    const place = await databases.place()
    const [args, env] = kind === 'SQLite' ? [['--data', dirname(place)], {}] : [[], { DATABASE_URL: place }]
    const names = ['a', 'b', 'c', 'd']
    const results = await Promise.all(names.map((name) => runMillwright(['token', name, ...args], { env })))
    expect(results.map(({ code, stderr }) => [code, stderr.split('\n')[0]])).toEqual(
      names.map(() => [0, expect.stringContaining('It is shown only now')]),
    )
    const database = await openDatabase(kind === 'SQLite' ? `${dirname(place)}/millwright.db` : place)
    expect(
      (await database.selectFrom('gatewayToken').select('gateway').orderBy('gateway').execute()).map(({ gateway }) => gateway),
    ).toEqual(names)
    await database.destroy()
  })
})

describe('SQLite', () => {
  let databases: Databases
  beforeAll(async () => void (databases = await startDatabases('SQLite')))
  afterAll(() => databases[Symbol.asyncDispose]())

  test('before an existing file changes its schema a copy of it is made, with its rights', async () => {
    const file = await databases.place()
    await (await openDatabase(file)).destroy()
    expect((await readdir(dirname(file))).filter((name) => name.startsWith(basename(file)))).toEqual([basename(file)])
    await chmod(file, 0o600)
    await (await openDatabase(file, addsTable)).destroy()
    const copy = `${file}.before-9999-later`
    expect((await stat(copy)).mode & 0o777).toBe(0o600)
    const tables = (path: string) => {
      const sqlite = new DatabaseSync(path)
      const rows = sqlite.prepare("select name from sqlite_master where type = 'table'").all()
      sqlite.close()
      return rows.map(({ name }) => name)
    }
    expect(tables(copy)).toContain('machine')
    expect(tables(copy)).not.toContain('later')
    expect(tables(file)).toContain('later')
  })

  test('after a migration that failed, file and copy are both as before, and the next try is free to begin', async () => {
    const file = await databases.place()
    await (await openDatabase(file)).destroy()
    const copy = `${file}.before-9999-later`
    await expect(openDatabase(file, fails)).rejects.toThrow(`${copy} is a copy of it`)
    expect(existsSync(copy)).toBe(true)
    await (await openDatabase(file, addsTable)).destroy()
    expect((await readdir(dirname(file))).filter((name) => name.includes('unfinished'))).toEqual([])
  })

  test('a file that is no database is refused in one sentence and left alone', async () => {
    const file = await databases.place()
    await writeFile(file, 'no database at all, but quite a long text, longer than the header of one would be'.repeat(20))
    const before = await readFile(file)
    await expect(openDatabase(file)).rejects.toMatchObject({
      name: 'ConfigError',
      message: expect.stringContaining(`cannot use the database ${file}`),
    })
    expect(await readFile(file)).toEqual(before)
  })
})

describe('PostgreSQL', () => {
  let server: PostgresServer
  beforeAll(async () => void (server = await startPostgres({ fsync: false })))
  afterAll(() => server[Symbol.asyncDispose]())

  test('eight that migrate at the very same time do not collide', async () => {
    const place = await server.createDatabase()
    const opened = await Promise.all(Array.from({ length: 8 }, () => openDatabase(place)))
    for (const database of opened) await database.destroy()
  })

  const refusal = async (url: string) => {
    const error: unknown = await openDatabase(url).then(
      (database) => database.destroy(),
      (error: unknown) => error,
    )
    expect(error).toMatchObject({ name: 'ConfigError' })
    return (error as Error).message
  }

  test('what keeps it from opening is said with the mend, and never the password', async () => {
    const url = new URL(await server.createDatabase())
    const { port, password, pathname } = url
    const changed = (change: Partial<Record<'port' | 'password' | 'username' | 'pathname', string>>) =>
      Object.assign(new URL(url), change).href
    const at = `PostgreSQL at 127.0.0.1:${port}`
    const messages = [
      [await refusal(changed({ password: 'secret-1' })), `${at} refuses the user "postgres": `, 'correct user and password'],
      [await refusal(changed({ username: 'nobody-we-know' })), `${at} refuses the user "nobody-we-know": `, 'correct user and password'],
      [await refusal(changed({ password: '' })), `${at} asks for a password`, 'postgres://user:password@host'],
      [await refusal(changed({ pathname: '/plant' })), `${at} has no database "plant"`, `createdb --host 127.0.0.1 --port ${port}`],
      [await refusal(changed({ port: '1' })), 'no PostgreSQL at 127.0.0.1:1: connect ECONNREFUSED', 'start it, or correct host and port'],
      [await refusal(`${url.href}?sslmode=verify-full`), `no secure connection to ${at}`, 'check sslmode'],
      [await refusal('postgres://user:secret-1@[bad/x'), 'DATABASE_URL cannot be read', 'write postgres://user:password@host'],
    ] as const
    for (const [message, what, mend] of messages) {
      expect(message).toContain(what)
      expect(message).toContain(mend)
      expect(message).not.toMatch(`${password}|secret-1`)
    }
    expect(pathname).not.toBe('/plant')
  })

  test('a user who may not make tables is told which right is missing', async () => {
    const url = new URL(await server.createDatabase())
    const owner = new Client({ connectionString: url.href })
    await owner.connect()
    await owner.query("create role reader login password 'x'")
    await owner.end()
    expect(await refusal(Object.assign(new URL(url), { username: 'reader', password: 'x' }).href)).toMatch(
      /does not let "reader" make tables: permission denied for schema public; let it own the database: alter database "test_\w+" owner to "reader"/,
    )
  })

  test('while the server is away every question is told to come later, and after its restart all goes on', async () => {
    const database = await openDatabase(await server.createDatabase())
    const ask = () => database.selectFrom('machine').selectAll().execute()
    expect(await ask()).toEqual([])
    const underWay = sql`select pg_sleep(60)`.execute(database)
    underWay.catch(() => {})
    await vi.waitFor(async () => {
      const { rows } = await sql`select 1 from pg_stat_activity where query like 'select pg_sleep%'`.execute(database)
      expect(rows).toHaveLength(1)
    })
    await server.kill()
    await expect(underWay).rejects.toThrow()
    await vi.waitFor(() =>
      expect(ask()).rejects.toMatchObject({ name: 'RetryLater', message: expect.stringMatching(/^the database does not answer/) }),
    )
    await server.start()
    expect(await ask()).toEqual([])
    await server.restart()
    await vi.waitFor(async () => expect(await ask()).toEqual([]))
    await database.destroy()
  })
})
