// PostgreSQL: the pool of connections to it, and what its refusals mean. A URL is never shown: it holds the password.
import { Client, Pool, types } from 'pg'
import { ConfigError, messageOf } from '#core/errors.ts'

const connectionsMax = 10
const connectTimeoutMs = 5000

/** Whether a text names a PostgreSQL database. */
export const isPostgres = (place: string): boolean => /^postgres(ql)?:\/\//.test(place)

export interface Fault {
  readonly text: string
  readonly mend: string
}

/** A pool of connections that are made when they are needed, and made anew when the server was away. Throws `ConfigError` for an impossible URL. */
export function createPool(url: string): Pool {
  addressOf(url)
  const pool = new Pool({
    connectionString: url,
    max: connectionsMax,
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    application_name: 'millwright',
    types: { getTypeParser: (id, format) => (id === types.builtins.INT8 ? Number : types.getTypeParser(id, format)) },
  })
  // The pool drops a connection that breaks; who uses it hears it from the query, and who comes next gets a new one or hears why there is none.
  pool.on('error', () => {})
  pool.on('connect', (client) => void client.on('error', () => {}))
  return pool
}

interface Address {
  readonly host: string
  readonly port: number
  readonly user: string | undefined
  readonly database: string | undefined
}

/** Where a URL leads, as the client reads it, with its defaults. */
function addressOf(url: string): Address {
  try {
    const { host, port, user, database } = new Client({ connectionString: url })
    return { host, port, user, database }
  } catch (error) {
    throw new ConfigError(
      `DATABASE_URL cannot be read (${messageOf(error)}); write postgres://user:password@host:5432/database, with what is not a letter or digit in the password as %XX`,
    )
  }
}

/** The place of a URL without its secrets, for messages. */
export function shownPlace(url: string): string {
  const { host, port, user, database } = addressOf(url)
  return `postgres://${user}@${host}:${port}/${database}`
}

/** What an error of a connection means, and the mend. Codes: PostgreSQL's manual, appendix A. */
export function connectionFault(error: unknown, url: string): Fault {
  const { host, port, user, database } = addressOf(url)
  const at = `PostgreSQL at ${host}:${port}`
  const said = messageOf(error)
  switch ((error as { code?: unknown } | undefined)?.code) {
    case '28P01':
    case '28000':
      return { text: `${at} refuses the user "${user}": ${said}`, mend: 'correct user and password in DATABASE_URL' }
    case '3D000':
      return {
        text: `${at} has no database "${database}"`,
        mend: `make it, e.g. createdb --host ${host} --port ${port} --username ${user} ${database}`,
      }
    case '42501':
      return {
        text: `${at} does not let "${user}" make tables: ${said}`,
        mend: `let it own the database: alter database "${database}" owner to "${user}"`,
      }
    case '53300':
      return { text: `${at} has no connection left: ${said}`, mend: 'end other programs on it, or raise its max_connections' }
    case '57P03':
      return { text: `${at} is not ready: ${said}`, mend: 'try again in a moment' }
  }
  if (/password must be a string/.test(said))
    return { text: `${at} asks for a password`, mend: 'write it into DATABASE_URL: postgres://user:password@host:5432/database' }
  if (/SSL|certificate/i.test(said))
    return { text: `no secure connection to ${at}: ${said}`, mend: 'check sslmode and sslrootcert in DATABASE_URL' }
  return { text: `no ${at}: ${said}`, mend: 'start it, or correct host and port in DATABASE_URL' }
}
