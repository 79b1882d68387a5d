// A port on 127.0.0.1 that nobody uses now, for programs that cannot choose one themselves.
import { createSocket } from 'node:dgram'
import { createServer, type AddressInfo } from 'node:net'

export async function freePort(transport: 'tcp' | 'udp' = 'tcp'): Promise<number> {
  if (transport === 'udp') {
    const socket = createSocket('udp4')
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
    const { port } = socket.address()
    await new Promise<void>((resolve) => socket.close(resolve))
    return port
  }
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
