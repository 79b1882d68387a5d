// What exists, as the server knows it: machines and tags from the plant file, from gateways, and from first samples.
import type { MachinePath, TagPath } from './path.ts'
import type { Profile } from './profile.ts'
import type { Kind, TagDefinition } from './tag.ts'
import type { GatewayDescription } from './uplink.ts'

export interface MachineEntry {
  readonly path: MachinePath
  readonly name: string
  readonly profile: Profile | undefined
  /** Names of the connections that read it. */
  readonly connections: readonly string[]
}

export interface TagEntry {
  readonly path: TagPath
  readonly kind: Kind
  readonly definition: TagDefinition | undefined
}

export interface Directory {
  machines(): Iterable<MachineEntry>
  machine(path: MachinePath): MachineEntry | undefined
  /** The tags of a machine, those of its profile first. */
  tags(machine: MachinePath): Iterable<TagEntry>
  tag(path: TagPath): TagEntry | undefined
  /** Makes a tag, and its machine if that is new, known. Throws `Rejected` when there are too many tags. */
  observe(path: TagPath, kind: Kind): void
  /** Forgets a tag that no profile declares, and its machine when nothing else made that known. */
  forget(path: TagPath): void
  /** Takes in what a gateway says of its part of the plant; the server's own plant file wins. */
  merge(description: GatewayDescription): Promise<void>
}
