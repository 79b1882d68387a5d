// Finding out whether a port is free before somebody needs it.
import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'
import { ConfigError } from '#core/errors.ts'

const host = '127.0.0.1'
/** How many ports after the wanted one are tried. */
const triesMax = 200

/** Whether TCP and UDP are both free on the loopback address. */
export async function isFree(port: number): Promise<boolean> {
  return (await isTcpFree(port)) && (await isUdpFree(port))
}

/** The first free port from `wanted` on that is not among `taken`. */
export async function nextFreePort(wanted: number, taken: ReadonlySet<number>): Promise<number> {
  for (let port = wanted; port < wanted + triesMax && port <= 65_535; port++) if (!taken.has(port) && (await isFree(port))) return port
  throw new ConfigError(`no free port from ${wanted} to ${wanted + triesMax - 1}; end a program that holds one`)
}

function isTcpFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)))
  })
}

function isUdpFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4')
    socket.once('error', () => socket.close(() => resolve(false)))
    socket.bind({ port, address: host, exclusive: true }, () => socket.close(() => resolve(true)))
  })
}
