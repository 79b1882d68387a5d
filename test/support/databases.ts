// Fresh relational databases for tests, of every kind that Millwright runs on.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres } from './postgres.ts'

export const databaseKinds = ['SQLite', 'PostgreSQL'] as const

export interface Databases extends AsyncDisposable {
  /** The place of a new, empty database, for `openDatabase`. */
  place(): Promise<string>
}

/** Where databases of a kind are made; a PostgreSQL server of its own runs until it is disposed of. */
export async function startDatabases(kind: (typeof databaseKinds)[number]): Promise<Databases> {
  if (kind === 'PostgreSQL') {
    const server = await startPostgres({ fsync: false })
    return { place: () => server.createDatabase(), [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
  }
  const folder = await mkdtemp(join(tmpdir(), 'millwright-databases-'))
  let count = 0
  return {
    place: async () => join(folder, `${++count}.db`),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  }
}
