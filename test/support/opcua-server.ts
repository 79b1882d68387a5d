// A real OPC UA server (node-opcua) in this process, on loopback, with whatever nodes a test needs.
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OPCUACertificateManager } from 'node-opcua-certificate-manager'
import { nodesets } from 'node-opcua-nodesets'
import { OPCUAServer, type OPCUAServerOptions } from 'node-opcua-server'

export type Namespace = ReturnType<NonNullable<OPCUAServer['engine']['addressSpace']>['registerNamespace']>

export interface TestOpcuaServer {
  readonly endpointUrl: string
  readonly port: number
  readonly namespace: Namespace
  sessionCount(): number
  stop(): Promise<void>
}

/** Starts a server; `port` 0 takes a free one. */
export async function startOpcuaServer(
  fill: (namespace: Namespace, server: OPCUAServer) => void,
  { port = 0, ...options }: OPCUAServerOptions = {},
): Promise<TestOpcuaServer> {
  const chosen = port === 0 ? await freePort() : port
  const ownFolder = await mkdtemp(join(tmpdir(), 'millwright-opcua-server-'))
  const server = new OPCUAServer({
    port: chosen,
    host: '127.0.0.1',
    hostname: '127.0.0.1',
    nodeset_filename: [nodesets.standard],
    buildInfo: { productName: 'Test machine' },
    serverCertificateManager: new OPCUACertificateManager({
      rootFolder: ownFolder,
      automaticallyAcceptUnknownCertificate: true,
      disableFileWatchers: true,
    }),
    ...options,
  })
  await server.initialize()
  const space = server.engine.addressSpace
  if (!space) throw new Error('the server has no address space')
  const namespace = space.registerNamespace('urn:test:machine')
  fill(namespace, server)
  await server.start()
  let stopped: Promise<void> | undefined
  return {
    endpointUrl: `opc.tcp://127.0.0.1:${chosen}`,
    port: chosen,
    namespace,
    sessionCount: () => server.engine.currentSessionCount,
    stop: () => (stopped ??= server.shutdown(0).then(() => rm(ownFolder, { recursive: true, force: true }))),
  }
}

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}
