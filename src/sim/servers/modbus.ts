// A Modbus TCP server (MODBUS Messaging on TCP/IP Implementation Guide V1.0b) for one simulated controller.
// Frames may come split or several in one segment; what is no Modbus frame ends the connection, and only that one.
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { z } from 'zod'
import { listenError } from './listen-error.ts'
import { registerImage } from './modbus-registers.ts'
import { answerRequest, exceptionAnswer, targetFailedToRespond } from './modbus-requests.ts'
import { defineProtocol, type ServerContext } from './protocol-server.ts'

const settingsSchema = z.strictObject({
  host: z.string().default('127.0.0.1'),
  port: z.coerce.number().int().min(1).max(65_535),
  unit: z.int().min(1).max(247).default(1),
})

export const clientsMax = 32
/** Transaction id, protocol id, length, unit id. */
const headerBytes = 7
/** Largest length field: unit id and a PDU of 253 bytes. */
const lengthMax = 254
/** A client that reads none of its answers up to so many bytes is cut off. */
const unsentBytesMax = 64 * 1024
const idleMs = 10 * 60_000

export const modbusServer = defineProtocol({
  name: 'modbus',
  settings: settingsSchema,
  create(settings: z.infer<typeof settingsSchema>, context: ServerContext) {
    const image = registerImage(context.machine)
    const counters = { answered: 0, malformed: 0 }
    const clients = new Set<Socket>()
    let server: Server | undefined

    function answerOf(unit: number, request: Buffer): Buffer {
      // 0 and 255 mean the controller itself, whatever its unit id.
      if (unit !== settings.unit && unit !== 0 && unit !== 255) return exceptionAnswer(request[0] as number, targetFailedToRespond)
      return answerRequest(request, image)
    }

    function serve(socket: Socket): void {
      clients.add(socket)
      let received: Buffer = Buffer.alloc(0)
      socket.setNoDelay(true)
      socket.setTimeout(idleMs, () => socket.destroy())
      socket.on('error', () => {})
      socket.on('close', () => clients.delete(socket))
      socket.on('data', (bytes: Buffer) => {
        received = received.length === 0 ? bytes : Buffer.concat([received, bytes])
        while (received.length >= headerBytes && !socket.destroyed) {
          const length = received.readUInt16BE(4)
          if (received.readUInt16BE(2) !== 0 || length < 2 || length > lengthMax) {
            counters.malformed++
            socket.destroy()
            return
          }
          const end = 6 + length
          if (received.length < end) return
          const unit = received[6] as number
          const answer = answerOf(unit, received.subarray(headerBytes, end))
          const header = Buffer.from(received.subarray(0, headerBytes))
          header.writeUInt16BE(answer.length + 1, 4)
          socket.write(Buffer.concat([header, answer]))
          counters.answered++
          received = received.subarray(end)
          if (socket.writableLength > unsentBytesMax) socket.destroy()
        }
      })
    }

    return {
      counters,
      async start() {
        const opened = createServer(serve)
        opened.maxConnections = clientsMax
        try {
          opened.listen(settings.port, settings.host)
          await once(opened, 'listening')
        } catch (error) {
          throw listenError(error, settings.port, 'Modbus', context)
        }
        opened.on('error', () => {})
        server = opened
      },
      publish() {},
      async stop() {
        const closed = server
        server = undefined
        for (const socket of clients) socket.destroy()
        if (closed) await new Promise<void>((resolve) => closed.close(() => resolve()))
      },
    }
  },
})
