// Reads an OPC UA server by subscription and writes its nodes.
import { AttributeIds, coerceNodeId, DataType, resolveNodeId, type ClientSession, type NodeId } from 'node-opcua-client'
import type { Value } from '#core/batch.ts'
import { defineDriver, type Driver, type DriverContext, type Point } from '#core/driver.ts'
import { messageOf, NotConnected, Rejected } from '#core/errors.ts'
import { callTimeoutMs, OpcuaConnection, statusWords } from './connection.ts'
import { addressSchema, settingsSchema, splitNodeId, type OpcuaAddress, type OpcuaSettings } from './settings.ts'
import { itemsPerCallMax, OpcuaSubscription } from './subscription.ts'
import { within } from './within.ts'
import { variantOf, type NodeType } from './write.ts'

/** Until the server has said how often it sends a keep-alive. */
const watchdogMsAtFirst = 30_000
const namespaceArray = resolveNodeId('i=2255')
const maxMonitoredItemsPerCall = resolveNodeId('i=11714')

class OpcuaDriver implements Driver {
  watchdogMs = watchdogMsAtFirst
  #settings: OpcuaSettings
  #points: readonly Point<OpcuaAddress>[]
  #context: DriverContext
  #connection: OpcuaConnection
  #session: ClientSession | undefined
  #subscription: OpcuaSubscription | undefined
  /** Per point, or in words why there is none. */
  #nodes: readonly (NodeId | string)[] = []
  #types = new Map<number, NodeType>()
  #isLost = false
  #closed = false

  constructor(settings: OpcuaSettings, points: readonly Point<OpcuaAddress>[], context: DriverContext) {
    this.#settings = settings
    this.#points = points
    this.#context = context
    this.#connection = new OpcuaConnection(settings, context, (error) => this.#lose(error))
  }

  async connect(signal: AbortSignal): Promise<void> {
    const session = await this.#connection.open(signal)
    this.#session = session
    const [namespaces, itemsPerCall] = await this.#call(
      session.read([
        { nodeId: namespaceArray, attributeId: AttributeIds.Value },
        { nodeId: maxMonitoredItemsPerCall, attributeId: AttributeIds.Value },
      ]),
      'reading the namespaces',
      signal,
    )
    this.#nodes = resolveNodes(this.#points, (namespaces?.value.value as string[] | null) ?? [])
    const perCall = Math.min(itemsPerCallMax, Number(itemsPerCall?.value?.value) || itemsPerCallMax)
    this.#subscription = new OpcuaSubscription(session, this.#settings, this.#points, this.#nodes, perCall, this.#context, (error) =>
      this.#lose(error),
    )
    if (this.#closed) throw new NotConnected('the connection was closed')
    await this.#subscription.start()
    this.watchdogMs = this.#subscription.silenceMs
  }

  async write(point: number, value: Value): Promise<void> {
    const session = this.#session
    const nodeId = this.#nodes[point]
    if (!session || this.#isLost || this.#closed) throw new NotConnected(`${this.#settings.endpointUrl} is not connected`)
    if (nodeId === undefined || typeof nodeId === 'string') throw new Rejected(nodeId ?? 'there is no such point')
    const type = this.#types.get(point) ?? (await this.#readType(session, nodeId))
    this.#types.set(point, type)
    const variant = variantOf(value, type)
    const status = await this.#call(session.write({ nodeId, attributeId: AttributeIds.Value, value: { value: variant } }), 'the write')
    if (status.isNotGood()) throw new Rejected(`the server refuses: ${status.name}, ${status.description}`)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#subscription?.end()
    await this.#connection.close()
  }

  async #readType(session: ClientSession, nodeId: NodeId): Promise<NodeType> {
    const read = session.read([
      { nodeId, attributeId: AttributeIds.DataType },
      { nodeId, attributeId: AttributeIds.ValueRank },
    ])
    const [dataType, valueRank] = await this.#call(read, 'reading the type of the node')
    if (!dataType || dataType.statusCode.isNotGood())
      throw new Rejected(`the type of the node cannot be read: ${dataType?.statusCode.description ?? 'no answer'}`)
    const builtIn = await this.#call(session.getBuiltInDataType(nodeId), 'reading the type of the node')
    return { dataType: builtIn === DataType.Null ? DataType.Variant : builtIn, valueRank: Number(valueRank?.value.value ?? -1) }
  }

  #lose(error: NotConnected): void {
    if (this.#isLost || this.#closed) return
    this.#isLost = true
    this.#subscription?.end()
    this.#context.lost(error)
  }

  /** A bounded call of a service; what it throws is `NotConnected` in words. */
  async #call<T>(work: Promise<T>, what: string, signal?: AbortSignal): Promise<T> {
    try {
      return await within(work, callTimeoutMs, this.#context.clock, what, signal)
    } catch (error) {
      if (error instanceof NotConnected) throw error
      throw new NotConnected(`${this.#settings.endpointUrl}: ${what} failed: ${statusWords(messageOf(error))}`)
    }
  }
}

/** Node ids with namespace indexes of this session; a namespace the server does not have gives a reason instead. */
function resolveNodes(points: readonly Point<OpcuaAddress>[], namespaces: readonly string[]): (NodeId | string)[] {
  return points.map(({ address }) => {
    const { uri, local } = splitNodeId(address.nodeId)
    if (uri === undefined) return coerceNodeId(local)
    const index = namespaces.indexOf(uri)
    return index < 0 ? `the server has no namespace ${uri}; it has ${namespaces.join(', ')}` : coerceNodeId(`ns=${index};${local}`)
  })
}

export const opcuaDriver = defineDriver<OpcuaSettings, OpcuaAddress>({
  name: 'opcua',
  title: 'OPC UA',
  description: 'Subscribes to the nodes of an OPC UA server, with their source time and status, and writes them',
  settings: settingsSchema,
  address: addressSchema,
  create: (settings, points, context) => new OpcuaDriver(settings, points, context),
})
