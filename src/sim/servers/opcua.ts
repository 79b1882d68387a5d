// Serves a machine over OPC UA: an object with the machine's name, in it one variable per tag, `ns=1;s=LaserPower` for the tag `laserPower`.
// Numbers are Doubles, arrays Float matrices; source times are the machine's own, to the millisecond.
// Offers no security as well as Basic256Sha256 and takes any client: a demonstration on loopback.
import { join } from 'node:path'
import { DataType, DataValue, SecurityPolicy, StatusCodes, VariantArrayType, type VariantOptions } from 'node-opcua-client'
import { OPCUACertificateManager } from 'node-opcua-certificate-manager'
import { OPCUAServer } from 'node-opcua-server'
import { z } from 'zod'
import { ConfigError } from '#core/errors.ts'
import type { Reading } from '#sim/model.ts'
import { listenError } from './listen-error.ts'
import { defineProtocol, type ServerContext, type Snapshot } from './protocol-server.ts'

const settingsSchema = z.strictObject({
  host: z.string().default('127.0.0.1'),
  port: z.coerce.number().int().min(1).max(65_535),
})

const sessionsMax = 20
const nodesPerCallMax = 10_000

export const opcuaServer = defineProtocol({
  name: 'opcua',
  settings: settingsSchema,
  create({ host, port }: z.infer<typeof settingsSchema>, context: ServerContext) {
    const counters = { written: 0 }
    let server: OPCUAServer | undefined
    let show: (snapshot: Snapshot) => void = () => {}

    /** Puts the machine into a started server and returns what shows a snapshot there. */
    function addMachine(to: OPCUAServer): (snapshot: Snapshot) => void {
      const { machine } = context
      const space = to.engine.addressSpace
      if (!space) throw new ConfigError(`the OPC UA server of ${machine.path} has no address space`)
      const namespace = space.getOwnNamespace()
      const folder = namespace.addObject({ organizedBy: space.rootFolder.objects, browseName: machine.name, nodeId: `s=${machine.name}` })
      const variables = Object.entries(machine.latest().values).map(([tag, value]) => {
        const writable = machine.model.writable.includes(tag)
        const variable = namespace.addVariable({
          componentOf: folder,
          browseName: nodeName(tag),
          nodeId: `s=${nodeName(tag)}`,
          minimumSamplingInterval: writable ? 100 : 0,
          ...typeOf(value),
          accessLevel: writable ? 'CurrentRead | CurrentWrite' : 'CurrentRead',
          userAccessLevel: writable ? 'CurrentRead | CurrentWrite' : 'CurrentRead',
        })
        if (writable)
          variable.bindVariable(
            {
              timestamped_get: () => {
                const { time, values } = machine.latest()
                const now = variantOf(values[tag] ?? value)
                return new DataValue({ value: now, statusCode: StatusCodes.Good, sourceTimestamp: new Date(time / 1000) })
              },
              async timestamped_set(given: DataValue) {
                const problem = machine.write(tag, given.value.value)
                if (problem === undefined) counters.written++
                return problem === undefined ? StatusCodes.Good : StatusCodes.BadOutOfRange
              },
            },
            true,
          )
        return { tag, variable, writable }
      })
      return ({ time, values }) => {
        for (const { tag, variable, writable } of variables) {
          const value = values[tag]
          if (value !== undefined && !writable) variable.setValueFromSource(variantOf(value), StatusCodes.Good, new Date(time / 1000))
        }
      }
    }

    return {
      counters,
      async start() {
        const certificates = new OPCUACertificateManager({
          rootFolder: join(context.folder, 'pki'),
          automaticallyAcceptUnknownCertificate: true,
          disableFileWatchers: true,
        })
        const opened = new OPCUAServer({
          host,
          hostname: host,
          port,
          serverCertificateManager: certificates,
          userCertificateManager: certificates,
          buildInfo: { productName: 'Millwright simulator', manufacturerName: 'Millwright' },
          securityPolicies: [SecurityPolicy.None, SecurityPolicy.Basic256Sha256],
          maxConnectionsPerEndpoint: sessionsMax,
          serverCapabilities: {
            maxSessions: sessionsMax,
            operationLimits: {
              maxNodesPerRead: nodesPerCallMax,
              maxNodesPerWrite: nodesPerCallMax,
              maxNodesPerBrowse: nodesPerCallMax,
              maxMonitoredItemsPerCall: nodesPerCallMax,
              maxNodesPerTranslateBrowsePathsToNodeIds: nodesPerCallMax,
            },
          },
        })
        try {
          await opened.initialize()
          show = addMachine(opened)
          show(context.machine.latest())
          await opened.start()
        } catch (error) {
          await opened.shutdown().catch(() => {})
          throw listenError(error, port, 'OPC UA', context)
        }
        server = opened
      },
      publish: (snapshot) => show(snapshot),
      async stop() {
        const closed = server
        server = undefined
        show = () => {}
        for (const endpoint of closed?.endpoints ?? []) endpoint.abruptlyInterruptChannels()
        await closed?.shutdown().catch(() => {})
      },
    }
  },
})

/** The last part of a tag's node id: `laserPower` is `LaserPower`. */
const nodeName = (tag: string) => tag.charAt(0).toUpperCase() + tag.slice(1)

function typeOf(value: Reading): { dataType: DataType; valueRank?: number; arrayDimensions?: number[] } {
  if (typeof value === 'object') return { dataType: DataType.Float, valueRank: value.shape.length, arrayDimensions: [...value.shape] }
  return { dataType: typeof value === 'number' ? DataType.Double : typeof value === 'boolean' ? DataType.Boolean : DataType.String }
}

function variantOf(value: Reading): VariantOptions {
  if (typeof value !== 'object') return { dataType: typeOf(value).dataType, value }
  const dimensions = [...value.shape]
  return dimensions.length === 1
    ? { dataType: DataType.Float, arrayType: VariantArrayType.Array, value: value.data }
    : { dataType: DataType.Float, arrayType: VariantArrayType.Matrix, dimensions, value: value.data }
}
