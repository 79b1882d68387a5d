// The directory kept in memory, with what no plant file says written to the database.
import type { Directory, MachineEntry, TagEntry } from '#core/directory.ts'
import { Rejected } from '#core/errors.ts'
import { machineOf, nameOf, type MachinePath, type TagPath } from '#core/path.ts'
import type { MachineDefinition, Plant } from '#core/plant.ts'
import { profileSchema, type Profile } from '#core/profile.ts'
import type { Kind } from '#core/tag.ts'
import { tagsOfProfile } from '#core/derived-tags.ts'
import type { Database } from '#database/open.ts'

/** Most tags of one installation; a new name beyond it is refused. */
export const tagsMax = 200_000

interface Entry extends MachineEntry {
  /** The plant file says what it is; nothing else may. */
  readonly own: boolean
  readonly tags: Map<TagPath, TagEntry>
}

/** Opens the directory of a plant; `stored` are the tags that already have samples. `failed` hears of a database that cannot be written. */
export async function openDirectory(
  plant: Plant,
  database: Database,
  stored: Iterable<{ path: TagPath; kind: Kind }>,
  failed: (error: unknown) => void,
): Promise<Directory> {
  const machines = new Map<MachinePath, Entry>()
  const tags = new Map<TagPath, TagEntry>()
  const profiles = new Map(plant.profiles)

  const addTag = (machine: Entry, tag: TagEntry) => {
    machine.tags.set(tag.path, tag)
    tags.set(tag.path, tag)
  }
  const addMachine = (
    { path, name, profile: profileName }: { path: MachinePath; name?: string | null | undefined; profile?: string | null },
    own: boolean,
  ) => {
    const profile: Profile | undefined = profileName == null ? undefined : profiles.get(profileName)
    const connections = plant.connections.filter((connection) => connection.machines.includes(path)).map((connection) => connection.name)
    const entry: Entry = { path, name: name ?? nameOf(path), profile, connections, own, tags: new Map() }
    const before = machines.get(path)
    machines.set(path, entry)
    if (profile)
      for (const [tag, definition] of tagsOfProfile(profile)) addTag(entry, { path: `${path}/${tag}`, kind: definition.kind, definition })
    for (const tag of before?.tags.values() ?? []) if (!entry.tags.has(tag.path)) addTag(entry, { ...tag, definition: undefined })
    return entry
  }

  for (const { name, definition } of await database.selectFrom('profile').selectAll().execute())
    if (!profiles.has(name)) profiles.set(name, profileSchema.parse(JSON.parse(definition)))
  for (const machine of await database.selectFrom('machine').selectAll().execute()) addMachine(machine, false)
  for (const machine of plant.machines) addMachine(machine, true)

  const save = (machine: { path: string; name: string | null; profile: string | null }) =>
    database
      .insertInto('machine')
      .values(machine)
      .onConflict((conflict) => conflict.column('path').doUpdateSet({ name: machine.name, profile: machine.profile }))
      .execute()

  const directory: Directory = {
    machines: () => machines.values(),
    machine: (path) => machines.get(path),
    tags: (machine) => machines.get(machine)?.tags.values() ?? [],
    tag: (path) => tags.get(path),
    observe(path, kind) {
      const known = tags.get(path)
      if (known) return
      if (tags.size >= tagsMax) throw new Rejected(`there are ${tagsMax} tags already; "${path}" would be one too many`)
      const machinePath = machineOf(path)
      let machine = machines.get(machinePath)
      if (!machine) {
        machine = addMachine({ path: machinePath }, false)
        save({ path: machinePath, name: null, profile: null }).catch(failed)
      }
      addTag(machine, { path, kind, definition: undefined })
    },
    async merge(description) {
      for (const profile of description.profiles) {
        if (plant.profiles.has(profile.profile)) continue
        const definition = JSON.stringify(profile)
        profiles.set(profile.profile, profile)
        await database
          .insertInto('profile')
          .values({ name: profile.profile, definition })
          .onConflict((conflict) => conflict.column('name').doUpdateSet({ definition }))
          .execute()
      }
      for (const machine of description.machines) await mergeMachine(machine)
    },
  }
  const mergeMachine = async (machine: MachineDefinition) => {
    if (machines.get(machine.path)?.own) return
    addMachine(machine, false)
    await save({ path: machine.path, name: machine.name ?? null, profile: machine.profile })
  }
  for (const { path, kind } of stored) directory.observe(path, kind)
  return directory
}
