// The roles into which one program is split over many machines. Any number of processes may have each.
import { ConfigError } from '#core/errors.ts'

/**
 * `ingest` takes samples and hands them to the telemetry log, `writer` brings them from there into PostgreSQL and answers for what is not there
 * yet, `api` serves people and programs, and takes samples as well.
 */
export const roles = ['ingest', 'writer', 'api'] as const
export type Role = (typeof roles)[number]

export interface Places {
  readonly natsUrl: string
  readonly databaseUrl: string
}

type Wanted = { readonly [Place in keyof Places]?: string | undefined }

/** Checks what a process was told. Throws `ConfigError`. */
export function checkRoles(names: readonly string[]): Role[] {
  const unknown = names.find((name) => !roles.includes(name as Role))
  if (unknown === 'gateway') throw new ConfigError('a gateway is a command of its own: millwright gateway --server URL')
  if (unknown !== undefined) throw new ConfigError(`there is no role "${unknown}"; there are ${roles.join(', ')}`)
  return roles.filter((role) => names.includes(role))
}

/** Checks where they work. Throws `ConfigError`. */
export function checkPlaces(role: Role, { natsUrl, databaseUrl }: Wanted): Places {
  if (!natsUrl) throw new ConfigError(`the role ${role} needs NATS: write NATS_URL or --nats, such as nats://127.0.0.1:4222`)
  if (!databaseUrl)
    throw new ConfigError(
      `the role ${role} needs PostgreSQL: write DATABASE_URL or --database, such as postgres://user:password@host:5432/millwright`,
    )
  return { natsUrl, databaseUrl }
}
