// Reads the body of a request within bounds: each body has one, and all bodies that are being received have one together.
import type { IncomingMessage } from 'node:http'

export interface BodyBounds {
  readonly bodyBytesMax: number
  /** Most bytes of unfinished and unanswered bodies together. */
  readonly totalBytesMax: number
}

export type Body = { bytes: Buffer; release(): void } | 'tooLarge' | 'tooMuchInHand' | 'aborted'

export class BodyReader {
  #bounds: BodyBounds
  #total = 0

  constructor(bounds: BodyBounds) {
    this.#bounds = bounds
  }

  /** Resolves with the body, to be released once it is answered, or with why there is none. */
  read(request: IncomingMessage): Promise<Body> {
    if (Number(request.headers['content-length'] ?? 0) > this.#bounds.bodyBytesMax) return Promise.resolve('tooLarge')
    return new Promise((resolve) => {
      const chunks: Buffer[] = []
      let size = 0
      let settled = false
      const release = () => {
        this.#total -= size
        size = 0
      }
      const settle = (body: Body) => {
        if (settled) return
        settled = true
        request.off('data', onData)
        if (typeof body === 'string') release()
        resolve(body)
      }
      const onData = (chunk: Buffer) => {
        size += chunk.length
        this.#total += chunk.length
        chunks.push(chunk)
        if (size > this.#bounds.bodyBytesMax) settle('tooLarge')
        else if (this.#total > this.#bounds.totalBytesMax) settle('tooMuchInHand')
      }
      request.on('data', onData)
      request.on('end', () => settle({ bytes: Buffer.concat(chunks), release }))
      request.on('close', () => settle('aborted'))
      request.on('error', () => settle('aborted'))
    })
  }
}
