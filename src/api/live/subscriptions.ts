// Who wants to hear of which tags: looked up per stored tag, so that a tag nobody watches costs nothing, however many clients there are.
import { machineOf, type MachinePath, type TagPath } from '#core/path.ts'

export type Scope = 'tags' | 'machines'

export class Subscriptions<Client> {
  #clients = { tags: new Map<TagPath, Set<Client>>(), machines: new Map<MachinePath, Set<Client>>() }

  add(scope: Scope, path: string, client: Client): void {
    const clients = this.#clients[scope].get(path)
    if (clients) clients.add(client)
    else this.#clients[scope].set(path, new Set([client]))
  }

  remove(scope: Scope, path: string, client: Client): void {
    const clients = this.#clients[scope].get(path)
    clients?.delete(client)
    if (clients?.size === 0) this.#clients[scope].delete(path)
  }

  /** Calls `act` for each client of the tag or of its machine; twice for one that subscribed to both. */
  each(tag: TagPath, act: (client: Client) => void): void {
    this.#clients.tags.get(tag)?.forEach(act)
    if (this.#clients.machines.size > 0) this.#clients.machines.get(machineOf(tag))?.forEach(act)
  }
}
