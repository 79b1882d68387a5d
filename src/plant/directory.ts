// The directory kept in memory, with what no plant file says written to the database.
import type { Directory, MachineEntry, TagEntry } from '#core/directory.ts'
import { Rejected } from '#core/errors.ts'
import { machineOf, nameOf, type MachinePath, type TagPath } from '#core/path.ts'
import { machinesOf, type Plant } from '#core/plant.ts'
import type { Profile } from '#core/profile.ts'
import type { Store } from '#core/store.ts'
import type { Kind } from '#core/tag.ts'
import { tagsOfProfile } from '#core/derived-tags.ts'
import type { Database } from '#database/open.ts'
import { forgetMachine, keepMachine, keepProfile, keptMachines, keptProfiles } from './kept.ts'

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

  for (const profile of await keptProfiles(database, failed)) if (!profiles.has(profile.profile)) profiles.set(profile.profile, profile)
  for (const machine of await keptMachines(database)) addMachine(machine, false)
  for (const machine of plant.machines) addMachine(machine, true)

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
    forget(path) {
      const definition = tags.get(path)?.definition
      const machine = machines.get(machineOf(path))
      if (!machine) return
      if (definition) return addTag(machine, { path, kind: definition.kind, definition })
      tags.delete(path)
      machine.tags.delete(path)
      if (machine.own || machine.profile || machine.connections.length > 0 || machine.tags.size > 0) return
      machines.delete(machine.path)
      forgetMachine(database, machine.path).catch(failed)
    },
    async merge(description) {
      for (const profile of description.profiles) {
        if (plant.profiles.has(profile.profile)) continue
        profiles.set(profile.profile, profile)
        await keepProfile(database, profile)
      }
      for (const { name, machines } of description.connections) addReader(readers, name, machines)
      for (const machine of description.machines) {
        if (machines.get(machine.path)?.own) continue
        addMachine(machine, false)
        await keepMachine(database, { path: machine.path, name: machine.name ?? null, profile: machine.profile })
      }
    },
  }
  const learn = (path: TagPath, kind: Kind) => {
    const machinePath = machineOf(path)
    let machine = machines.get(machinePath)
    if (!machine) {
      machine = addMachine({ path: machinePath }, false)
      keepMachine(database, { path: machinePath, name: null, profile: null }).catch(failed)
    }
    addTag(machine, { path, kind, definition: undefined })
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
