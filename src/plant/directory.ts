// The directory kept in memory, with what no plant file says written to the database.
import type { Directory, MachineEntry, TagEntry } from '#core/directory.ts'
import { Rejected } from '#core/errors.ts'
import { machineOf, nameOf, type MachinePath, type TagPath } from '#core/path.ts'
import { machinesOf, type Plant } from '#core/plant.ts'
import type { Profile } from '#core/profile.ts'
import type { Store } from '#core/store.ts'
import type { Kind } from '#core/tag.ts'
import type { GatewayDescription } from '#core/uplink.ts'
import { tagsOfProfile } from '#core/derived-tags.ts'
import type { Database } from '#database/open.ts'
import { forgetMachine, keepMachine, keepMachinePath, keepProfile, keptMachines, keptProfiles } from './kept.ts'

/** Most tags of one installation; a new name beyond it is refused. */
export const tagsMax = 200_000

/** A directory whose database and store others change as well. */
export interface SharedDirectory extends Directory {
  /** Takes in what a gateway said to another process, which keeps it. */
  learn(description: GatewayDescription): void
  /** Takes in what others have kept, and the tags that the store has come to know or lost. */
  refresh(): Promise<void>
  /** The kind that a tag has for good, whatever was seen here first. */
  settle(path: TagPath, kind: Kind): void
}

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
): Promise<SharedDirectory> {
  const machines = new Map<MachinePath, Entry>()
  const tags = new Map<TagPath, TagEntry>()
  const profiles = new Map(plant.profiles)
  /** What the database and the store held when they were last looked at. */
  const kept = { profiles: new Map<string, string>(), machines: new Set<MachinePath>(), tags: new Set<TagPath>() }
  /** Names of the connections that read each machine. */
  const readers = new Map<MachinePath, string[]>()
  for (const connection of plant.connections) addReader(readers, connection.name, machinesOf(connection))

  /** What is learned and forgotten of one machine must reach the database in that order. */
  let writing: Promise<void> = Promise.resolve()
  const write = (act: () => Promise<void>) => void (writing = writing.then(act).catch(failed))

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

  const addKept = async () => {
    const [newProfiles, machinesNow] = await Promise.all([keptProfiles(database, kept.profiles, failed), keptMachines(database)])
    for (const profile of newProfiles) if (!plant.profiles.has(profile.profile)) profiles.set(profile.profile, profile)
    for (const machine of machinesNow) {
      const before = machines.get(machine.path)
      const profile = profiles.get(machine.profile ?? '')
      const isSame = before?.name === (machine.name ?? nameOf(machine.path)) && before.profile === profile
      if (!before?.own && !isSame) addMachine(machine, false)
    }
    const paths = new Set(machinesNow.map(({ path }) => path))
    for (const path of kept.machines.difference(paths)) if (!isKnownOtherwise(machines.get(path))) machines.delete(path)
    kept.machines = paths
  }
  await addKept()
  for (const machine of plant.machines) addMachine(machine, true)

  const directory: SharedDirectory = {
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
      if (isKnownOtherwise(machine)) return
      machines.delete(machine.path)
      write(() => forgetMachine(database, machine.path))
    },
    async merge(description) {
      directory.learn(description)
      for (const profile of description.profiles) if (!plant.profiles.has(profile.profile)) await keepProfile(database, profile)
      for (const { path, name = null, profile } of description.machines)
        if (!machines.get(path)?.own) await keepMachine(database, { path, name, profile })
    },
    learn(description) {
      for (const profile of description.profiles) if (!plant.profiles.has(profile.profile)) profiles.set(profile.profile, profile)
      for (const { name, machines } of description.connections) addReader(readers, name, machines)
      for (const machine of description.machines) if (!machines.get(machine.path)?.own) addMachine(machine, false)
    },
    async refresh() {
      await addKept()
      const stored = new Set<TagPath>()
      for (const { path, kind } of store.tags()) {
        stored.add(path)
        directory.settle(path, kind)
      }
      for (const path of kept.tags.difference(stored)) directory.forget(path)
      kept.tags = stored
    },
    settle(path, kind) {
      const known = tags.get(path)
      if (!known) learn(path, kind)
      else if (known.kind !== kind) addTag(machines.get(machineOf(path)) as Entry, { ...known, kind })
    },
  }
  const learn = (path: TagPath, kind: Kind) => {
    const machinePath = machineOf(path)
    let machine = machines.get(machinePath)
    if (!machine) {
      machine = addMachine({ path: machinePath }, false)
      write(() => keepMachinePath(database, machinePath))
    }
    addTag(machine, { path, kind, definition: undefined })
  }
  for (const { path, kind } of store.tags()) directory.settle(path, kind)
  return directory
}

/** Whether a machine is known but for being kept in the database. */
const isKnownOtherwise = (machine: Entry | undefined): boolean =>
  machine !== undefined && (machine.own || machine.profile !== undefined || machine.connections.length > 0 || machine.tags.size > 0)

/** Notes that a connection reads these machines. */
function addReader(readers: Map<MachinePath, string[]>, name: string, machines: readonly MachinePath[]): void {
  for (const path of machines) {
    const names = readers.get(path)
    if (!names) readers.set(path, [name])
    else if (!names.includes(name)) names.push(name)
  }
}
