import type { ApiContext, ApiScope } from '#api/context.ts'
import { LiveClient } from './client.ts'
import { Subscriptions } from './subscriptions.ts'

/** Most browsers at once. */
const clientsMax = 1000

export function liveRoutes(api: ApiScope, { store, directory, bus, clock, metrics }: ApiContext): void {
  const clients = new Set<LiveClient>()
  metrics.countLiveClients(() => clients.size)
  const subscriptions = new Subscriptions<LiveClient>()
  const unsubscribe = bus.subscribe('stored', ({ tags }) => {
    if (clients.size === 0) return
    for (const tag of tags) subscriptions.each(tag, (client) => client.changed(tag))
  })
  api.addHook('onClose', async () => unsubscribe())

  api.get('/live', { websocket: true, schema: { hide: true } }, (socket) => {
    if (clients.size >= clientsMax) return socket.close(1013, 'too many live clients; try again later')
    const client = new LiveClient(socket, { store, directory, clock, subscriptions })
    clients.add(client)
    socket.on('message', (data) => client.receive((data as Buffer).toString()))
    socket.on('error', () => socket.terminate())
    socket.on('close', () => {
      clients.delete(client)
      client.close()
    })
    return undefined
  })
}
