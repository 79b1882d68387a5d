// A file or standard input as lines, chunk by chunk; gzip is undone on the way.
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline } from 'node:stream'
import { TextDecoder } from 'node:util'
import { createGunzip } from 'node:zlib'
import { ConfigError, messageOf } from '#core/errors.ts'

/** Longer lines are given as undefined: a file without line ends must not fill the memory. */
export const lineLengthMax = 1 << 20

/** Undefined stands for a line longer than `lineLengthMax`. */
export type Line = string | undefined

export interface LineSource {
  /** Lines without their ends, in arrays of those that became complete together. Throws `ConfigError` for a damaged file. */
  readonly chunks: AsyncIterable<Line[]>
  /** Unknown for standard input. */
  readonly bytesTotal: number | undefined
  bytesRead(): number
}

/** Opens a file, or standard input for `-`. Throws `ConfigError` when it cannot be read. */
export async function openLines(file: string, encoding: string): Promise<LineSource> {
  const decoder = new TextDecoder(encoding)
  if (file === '-') return { chunks: linesOf(process.stdin, decoder), bytesTotal: undefined, bytesRead: () => 0 }
  const { bytes, gzip } = await inspect(file)
  const raw = createReadStream(file)
  const stream = gzip ? pipeline(raw, createGunzip(), () => {}) : raw
  return { chunks: linesOf(stream, decoder, file), bytesTotal: bytes, bytesRead: () => raw.bytesRead }
}

async function inspect(file: string): Promise<{ bytes: number; gzip: boolean }> {
  try {
    await using handle = await open(file)
    const stat = await handle.stat()
    if (stat.isDirectory()) throw new ConfigError(`${file} is a folder; name a file`)
    const { buffer, bytesRead } = await handle.read(new Uint8Array(2), 0, 2, 0)
    return { bytes: stat.size, gzip: bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b }
  } catch (error) {
    throw error instanceof ConfigError ? error : new ConfigError(`cannot read ${file}: ${messageOf(error)}`)
  }
}

async function* linesOf(stream: AsyncIterable<Uint8Array>, decoder: TextDecoder, file = 'standard input'): AsyncGenerator<Line[]> {
  const splitter = new LineSplitter()
  try {
    for await (const bytes of stream) yield splitter.push(decoder.decode(bytes, { stream: true }))
  } catch (error) {
    throw new ConfigError(`${file} cannot be read to its end: ${messageOf(error)}`)
  }
  yield splitter.push(decoder.decode())
  yield splitter.end()
}

/** Cuts text into lines at LF or CRLF, keeping at most `lineLengthMax` characters of an unfinished one. */
export class LineSplitter {
  #rest = ''
  #tooLong = false

  push(text: string): Line[] {
    const parts = (this.#rest + text).split('\n')
    this.#rest = parts.pop() ?? ''
    const lines = parts.map((part): Line => {
      const tooLong = this.#tooLong || part.length > lineLengthMax
      this.#tooLong = false
      return tooLong ? undefined : part.endsWith('\r') ? part.slice(0, -1) : part
    })
    if (this.#rest.length > lineLengthMax) {
      this.#rest = ''
      this.#tooLong = true
    }
    return lines
  }

  /** The last line, when the text did not end with a line end. */
  end(): Line[] {
    return this.#rest === '' && !this.#tooLong ? [] : this.push('\n')
  }
}
