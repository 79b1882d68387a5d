// What no plant file says, kept in the database: machines that first samples made or gateways announced, and the gateways' profiles.
import type { MachinePath } from '#core/path.ts'
import { profileSchema, type Profile } from '#core/profile.ts'
import type { Database } from '#database/open.ts'
import type { Tables } from '#database/tables.ts'

/** The machines kept. */
export const keptMachines = (database: Database) => database.selectFrom('machine').selectAll().execute()

/** The profiles kept that are not yet among the `known` definitions; `failed` hears of those that a newer schema refuses. */
export async function keptProfiles(database: Database, known: Map<string, string>, failed: (error: unknown) => void): Promise<Profile[]> {
  const rows = await database.selectFrom('profile').selectAll().execute()
  return rows.flatMap(({ name, definition }) => {
    if (known.get(name) === definition) return []
    known.set(name, definition)
    const profile = profileSchema.safeParse(JSON.parse(definition))
    if (profile.success) return profile.data
    failed(new Error(`profile "${name}", kept from a gateway, no longer fits and is left out until the gateway announces it again`))
    return []
  })
}

export async function keepMachine(database: Database, machine: Tables['machine']): Promise<void> {
  await database
    .insertInto('machine')
    .values(machine)
    .onConflict((conflict) => conflict.column('path').doUpdateSet({ name: machine.name, profile: machine.profile }))
    .execute()
}

/** Keeps a machine of which nothing is known but its path; what another process knows of it stays. */
export async function keepMachinePath(database: Database, path: MachinePath): Promise<void> {
  await database
    .insertInto('machine')
    .values({ path, name: null, profile: null })
    .onConflict((conflict) => conflict.column('path').doNothing())
    .execute()
}

export async function forgetMachine(database: Database, path: MachinePath): Promise<void> {
  await database.deleteFrom('machine').where('path', '=', path).execute()
}

export async function keepProfile(database: Database, profile: Profile): Promise<void> {
  const definition = JSON.stringify(profile)
  await database
    .insertInto('profile')
    .values({ name: profile.profile, definition })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ definition }))
    .execute()
}
