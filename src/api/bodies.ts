// Whole bodies of requests that bring telemetry, unpacked where they are packed. All that are held at once share one bound,
// so that memory has one whatever clients do: a body that finds no room is refused before more of it is read.
import type { Readable } from 'node:stream'
import { constants, createGunzip, createZstdDecompress } from 'node:zlib'
import type { FastifyRequest } from 'fastify'
import { Overloaded } from '#core/errors.ts'
import { Malformed, NotTaken, TooLarge } from './errors.ts'

/** Bytes of all bodies that are held at once, as sent and unpacked. */
const heldBytesMax = 128 << 20
const unpackedChunkBytes = 64 << 10
/** How far back a packed body may refer: 8 MiB, enough for zstd up to level 19. */
const zstdWindowLogMax = 23

const unpackers = new Map([
  ['gzip', () => createGunzip({ chunkSize: unpackedChunkBytes })],
  ['zstd', () => createZstdDecompress({ chunkSize: unpackedChunkBytes, params: { [constants.ZSTD_d_windowLogMax]: zstdWindowLogMax } })],
])

/** What a content type's parser answers with when the handler reads the body itself, by `Bodies.lend`. */
export const unread = Symbol('unread')
export const leaveUnread = async (): Promise<typeof unread> => unread

export class Bodies {
  readonly #bytesMax: number
  #held = 0

  constructor(bytesMax = heldBytesMax) {
    this.#bytesMax = bytesMax
  }

  /** Bytes held now. */
  get held(): number {
    return this.#held
  }

  /**
   * Reads the body of a request, of at most `bytesMax` as sent and as many unpacked, and holds it until `act` is done.
   * Throws `Overloaded` when there is no room, `TooLarge`, `NotTaken`, and `Malformed` for what cannot be unpacked.
   */
  async lend<Result>({ raw, headers }: FastifyRequest, bytesMax: number, act: (body: Buffer) => Promise<Result>): Promise<Result> {
    let own = 0
    const hold = (bytes: number) => {
      this.#checkRoom(bytes)
      this.#held += bytes
      own += bytes
    }
    try {
      const encoding = headers['content-encoding'] ?? 'identity'
      const unpacker = unpackers.get(encoding)
      if (!unpacker && encoding !== 'identity')
        throw new NotTaken(`a body with content-encoding "${encoding}" is not taken here; send it as gzip, zstd, or as it is`)
      const announced = Number(headers['content-length'] ?? 0)
      if (announced > bytesMax) throw tooLarge(bytesMax)
      this.#checkRoom(announced)
      const sent = await collect(raw, bytesMax, hold)
      return await act(unpacker ? await unpack(sent, unpacker(), bytesMax, hold) : sent)
    } finally {
      this.#held -= own
      // What was not read runs by, so that the client comes to read the answer.
      raw.resume()
    }
  }

  #checkRoom(bytes: number): void {
    if (this.#held + bytes <= this.#bytesMax) return
    throw new Overloaded(`more data arrives than can be taken: ${this.#bytesMax} bytes are being worked on; send this again in a moment`)
  }
}

/** All that a stream brings. When it is too much the rest runs by; a request whose stream were destroyed could not be answered. */
function collect(stream: Readable, bytesMax: number, hold: (bytes: number) => void): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const take = (chunk: Buffer) => {
    bytes += chunk.length
    try {
      if (bytes > bytesMax) throw tooLarge(bytesMax)
      hold(chunk.length)
      chunks.push(chunk)
    } catch (error) {
      stream.off('data', take)
      chunks.length = 0
      reject(error)
    }
  }
  stream.on('data', take)
  stream.once('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, bytes)))
  stream.once('error', ({ message }) => reject(new Malformed(message)))
  stream.once('close', () => reject(new Malformed('the connection ended in the middle of the body')))
  return promise
}

async function unpack(
  sent: Buffer,
  unpacker: ReturnType<typeof createGunzip | typeof createZstdDecompress>,
  bytesMax: number,
  hold: (bytes: number) => void,
): Promise<Buffer> {
  unpacker.end(sent)
  try {
    return await collect(unpacker, bytesMax, hold)
  } catch (error) {
    if (!(error instanceof Malformed)) throw error
    throw new Malformed(`the body cannot be unpacked: ${error.message}; check that it is packed as its content-encoding says`)
  } finally {
    unpacker.destroy()
  }
}

const tooLarge = (bytesMax: number) => new TooLarge(`the body is larger than ${bytesMax} bytes; send it in parts`)
