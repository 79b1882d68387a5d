// HTTP as quick as Node has it: kept-alive connections of node:http, bodies as bytes.
import { createWriteStream } from 'node:fs'
import { Agent, request, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import { pipeline } from 'node:stream/promises'

export interface HttpClient {
  get(path: string, headers?: OutgoingHttpHeaders): Promise<Buffer>
  /** The body may be reused as soon as the answer is there. */
  post(path: string, body: Uint8Array, headers?: OutgoingHttpHeaders): Promise<Buffer>
  download(path: string, file: string, headers?: OutgoingHttpHeaders): Promise<void>
  close(): void
}

export function createHttpClient(port: number): HttpClient {
  const agent = new Agent({ keepAlive: true })
  const send = async (method: string, path: string, headers: OutgoingHttpHeaders = {}, body?: Uint8Array): Promise<IncomingMessage> => {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const lengths = body ? { 'content-length': body.length } : {}
    request({ host: '127.0.0.1', port, agent, method, path, headers: { ...headers, ...lengths } }, resolve)
      .on('error', reject)
      .end(body)
    const response = await promise
    if ((response.statusCode ?? 0) < 300) return response
    throw new Error(`${method} ${path.slice(0, 200)} was answered ${response.statusCode}: ${String(await bytesOf(response)).slice(0, 500)}`)
  }
  return {
    get: async (path, headers) => bytesOf(await send('GET', path, headers)),
    post: async (path, body, headers) => bytesOf(await send('POST', path, headers, body)),
    download: async (path, file, headers) => pipeline(await send('GET', path, headers), createWriteStream(file)),
    close: () => agent.destroy(),
  }
}

async function bytesOf(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
