// libcoap's example server and client: real CoAP peers of another make.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { vi } from 'vitest'
import { freePort } from './free-port.ts'
import { runProgram, startProgram, type ProgramResult } from './program.ts'
import { requireTool } from './tool.ts'

export interface CoapServer extends AsyncDisposable {
  readonly port: number
  /** Makes or changes a JSON resource, which can be observed. */
  put(path: string, value: unknown): Promise<ProgramResult>
  remove(path: string): Promise<ProgramResult>
  kill(): Promise<void>
}

/** Runs coap-client-notls once; what it received is its output. `body` may be large: it travels in blocks. */
export async function coapClient(method: string, url: string, body?: string | Uint8Array, ...more: string[]): Promise<ProgramResult> {
  const folder = await mkdtemp(join(tmpdir(), 'millwright-coap-'))
  const file = join(folder, 'body')
  if (body !== undefined) await writeFile(file, body)
  const sending = body === undefined ? [] : ['-f', file]
  const result = await runProgram(requireTool('coap-client-notls', 'libcoap3-bin'), ['-m', method, '-B', '10', ...sending, ...more, url])
  await rm(folder, { recursive: true })
  return result
}

/** Starts coap-server-notls on a port of its own, or the given one. */
export async function startCoapServer(port?: number, ...more: string[]): Promise<CoapServer> {
  const at = port ?? (await freePort('udp'))
  const args = `-A 127.0.0.1 -p ${at} -d 100`.split(' ')
  const program = startProgram(requireTool('coap-server-notls', 'libcoap3-bin'), [...args, ...more])
  const url = (path: string) => `coap://127.0.0.1:${at}${path}`
  await vi
    .waitFor(
      async () => {
        const { output } = await coapClient('get', url('/.well-known/core'))
        if (!output.includes('</time>')) throw new Error(`coap-server-notls does not answer yet: ${program.errors()}`)
      },
      { timeout: 10_000 },
    )
    .catch(async (error: unknown) => {
      await program.kill()
      throw error
    })
  return {
    port: at,
    put: (path, value) => coapClient('put', url(path), JSON.stringify(value), '-t', '50'),
    remove: (path) => coapClient('delete', url(path)),
    kill: () => program.kill(),
    [Symbol.asyncDispose]: () => program.kill(),
  }
}
