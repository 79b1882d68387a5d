// The directory kept in memory, with what no plant file says written to the database.
import type { Directory, MachineEntry, TagEntry } from '#core/directory.ts'
import { Rejected } from '#core/errors.ts'
import { machineOf, nameOf, type MachinePath, type TagPath } from '#core/path.ts'
import { machinesOf, type MachineDefinition, type Plant } from '#core/plant.ts'
import { profileSchema, type Profile } from '#core/profile.ts'
import type { Store } from '#core/store.ts'
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

/**
 * Opens the directory of a plant. A tag that has samples keeps their kind, whatever a profile says now. `failed` hears of what was
 * skipped and of a database that cannot be written.
 */
export async function openDirectory(
  plant: Plant,
  database: Database,
  store: Pick<Store, 'tag' | 'tags'>,
  failed: (error: unknown) => void,
): Promise<Directory> {
  const machines = new Map<MachinePath, Entry>()
  const tags = new Map<TagPath, TagEntry>()
  const profiles = new Map(plant.profiles)
  /** Names of the connections that read each machine. */
  const readers = new Map<MachinePath, string[]>()
  for (const connection of plant.connections) addReader(readers, connection.name, machinesOf(connection))

  const addTag = (machine: Entry, tag: TagEntry) => {
    machine.tags.set(tag.path, tag)
    tags.set(tag.path, tag)
  }
  const addMachine = (
    { path, name, profile: profileName }: { path: MachinePath; name?: string | null | undefined; profile?: string | null },
    own: boolean,
  ) => {
    const profile: Profile | undefined = profileName == null ? undefined : profiles.get(profileName)
    const entry: Entry = { path, name: name ?? nameOf(path), profile, connections: readers.get(path) ?? [], own, tags: new Map() }
    const before = machines.get(path)
    machines.set(path, entry)
    if (profile)
      for (const [name, definition] of tagsOfProfile(profile)) {
        const tag = `${path}/${name}`
        addTag(entry, { path: tag, kind: store.tag(tag)?.kind ?? definition.kind, definition })
      }
    for (const tag of before?.tags.values() ?? []) if (!entry.tags.has(tag.path)) addTag(entry, { ...tag, definition: undefined })
    return entry
  }

  for (const { name, definition } of await database.selectFrom('profile').selectAll().execute()) {
    if (profiles.has(name)) continue
    const profile = profileSchema.safeParse(JSON.parse(definition))
    if (profile.success) profiles.set(name, profile.data)
    else failed(new Error(`profile "${name}", kept from a gateway, no longer fits and is left out until the gateway announces it again`))
  }
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
      if (tags.has(path)) return
      if (tags.size >= tagsMax)
        throw new Rejected(`there are ${tagsMax} tags already; "${path}" would be one too many: check that no device makes up names`)
      learn(path, kind)
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
      for (const { name, machines } of description.connections) addReader(readers, name, machines)
      for (const machine of description.machines) await mergeMachine(machine)
    },
  }
  const learn = (path: TagPath, kind: Kind) => {
    const machinePath = machineOf(path)
    let machine = machines.get(machinePath)
    if (!machine) {
      machine = addMachine({ path: machinePath }, false)
      save({ path: machinePath, name: null, profile: null }).catch(failed)
    }
    addTag(machine, { path, kind, definition: undefined })
  }
  const mergeMachine = async (machine: MachineDefinition) => {
    if (machines.get(machine.path)?.own) return
    addMachine(machine, false)
    await save({ path: machine.path, name: machine.name ?? null, profile: machine.profile })
  }
  for (const { path, kind } of store.tags()) if (!tags.has(path)) learn(path, kind)
  return directory
}

/** Notes that a connection reads these machines. */
function addReader(readers: Map<MachinePath, string[]>, name: string, machines: readonly MachinePath[]): void {
  for (const path of machines) {
    const names = readers.get(path)
    if (!names) readers.set(path, [name])
    else if (!names.includes(name)) names.push(name)
  }
}
