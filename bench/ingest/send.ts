// Sending what was made beforehand, over several connections at once.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createHttpClient } from '#bench/support/http-client.ts'
import { median, percentile } from '#bench/support/statistics.ts'
import { connackBytes, connectPacket, pubackBytes } from './mqtt-packets.ts'

/** Messages that a connection has under way, as MQTT clients do by default or allow. */
const messagesInFlight = 100

export interface Acknowledgements {
  readonly ackP50Ms: number
  readonly ackP99Ms: number
}

export interface Target {
  readonly port: number
  /** The others are for HTTP. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly connections: number
}

/** Every connection has one request under way. */
export async function sendOverHttp(bodies: readonly Uint8Array[], { port, path, headers, connections }: Target): Promise<Acknowledgements> {
  const http = createHttpClient(port)
  const times: number[] = []
  const left = bodies.values()
  const connection = async () => {
    for (const body of left) {
      const sent = performance.now()
      await http.post(path, body, headers)
      times.push(performance.now() - sent)
    }
  }
  await Promise.all(Array.from({ length: connections }, connection))
  http.close()
  return { ackP50Ms: median(times), ackP99Ms: percentile(times, 0.99) }
}

/** A list of packets for each connection. */
export async function sendOverMqtt(packets: readonly (readonly Uint8Array[])[], { port }: Target): Promise<Acknowledgements> {
  const times = await Promise.all(packets.map((own, index) => publishAll(own, port, `bench-${index}`)))
  return { ackP50Ms: median(times.flat()), ackP99Ms: percentile(times.flat(), 0.99) }
}

/** Resolves with the time that each message waited for its acknowledgement. */
async function publishAll(packets: readonly Uint8Array[], port: number, clientId: string): Promise<number[]> {
  const socket = connect(port, '127.0.0.1')
  socket.setNoDelay()
  await once(socket, 'connect')
  socket.write(connectPacket(clientId))
  await bytesOf(socket, connackBytes)
  const sentAt: number[] = []
  const times: number[] = []
  const send = () => {
    const until = Math.min(packets.length, times.length + messagesInFlight)
    if (sentAt.length === until) return
    const now = performance.now()
    socket.write(Buffer.concat(packets.slice(sentAt.length, until)))
    while (sentAt.length < until) sentAt.push(now)
  }
  send()
  let bytes = 0
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    bytes += chunk.length
    const now = performance.now()
    while (times.length < Math.floor(bytes / pubackBytes)) times.push(now - (sentAt[times.length] as number))
    if (times.length === packets.length) return times
    send()
  }
  throw new Error(`the broker ended a connection after ${times.length} of ${packets.length} messages`)
}

async function bytesOf(socket: Socket, length: number): Promise<void> {
  while (socket.read(length) === null) await once(socket, 'readable')
}
