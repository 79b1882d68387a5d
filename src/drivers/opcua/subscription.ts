// One OPC UA subscription: monitored items in batches the server accepts, values as they come, missing nodes asked for again,
// and a watch on the server's keep-alive (OPC 10000-4 §5.13 and §5.14).
import {
  AttributeIds,
  DataChangeFilter,
  DataChangeNotification,
  DataChangeTrigger,
  DeadbandType,
  PublishRequest,
  StatusChangeNotification,
  TimestampsToReturn,
  type ClientSession,
  type ClientSessionPublishService,
  type ClientSessionRawSubscriptionService,
  type DataValue,
  type MonitoredItemCreateResult,
  type NodeId,
  type PublishResponse,
} from 'node-opcua-client'
import { every } from '#core/clock.ts'
import type { DriverContext, Point } from '#core/driver.ts'
import { messageOf, NotConnected } from '#core/errors.ts'
import { isBad, qualities } from '#core/quality.ts'
import { callTimeoutMs, statusWords } from './connection.ts'
import type { OpcuaSettings } from './settings.ts'
import { giveValue, isMissing, qualityOfNode } from './value.ts'
import { within } from './within.ts'

/** How often the server shall say that it lives while nothing changes. */
const keepAliveMs = 5000
/** So many keep-alives may be missing, and so much more may pass, before the server counts as dead. */
const keepAlivesMissing = 3
const lifetimeKeepAlives = 6
/** Publish requests that wait at the server. */
const publishesWaiting = 3
/** Nodes that do not exist are asked for again so often. */
const retryMissingMs = 10_000
/** Most items in one call, whatever the server allows. */
export const itemsPerCallMax = 1000
/** Status bits of a value that followed others which its queue had no room for (OPC 10000-4 §7.39.1). */
const overflowBits = 0x480

/** The services themselves, which every session of node-opcua has beside its convenient ones. */
type RawSession = ClientSessionRawSubscriptionService & ClientSessionPublishService

export class OpcuaSubscription {
  #session: RawSession
  #settings: OpcuaSettings
  #points: readonly Point[]
  #nodes: readonly (NodeId | string)[]
  #context: DriverContext
  #lost: (error: NotConnected) => void
  #itemsPerCall: number
  #id = 0
  #itemIds: number[]
  /** Points whose node the server does not know (any more). */
  #missing = new Set<number>()
  #acknowledgements: { subscriptionId: number; sequenceNumber: number }[] = []
  #publishes = 0
  #silenceMs = keepAlivesMissing * keepAliveMs + callTimeoutMs
  #cancelWatch = () => {}
  #stopRetrying = () => {}
  #overflowed = false
  #ended = false

  /** `nodes` has per point the node id, or in words why there is none. */
  constructor(
    session: ClientSession,
    settings: OpcuaSettings,
    points: readonly Point[],
    nodes: readonly (NodeId | string)[],
    itemsPerCall: number,
    context: DriverContext,
    lost: (error: NotConnected) => void,
  ) {
    this.#session = session as unknown as RawSession
    this.#settings = settings
    this.#points = points
    this.#nodes = nodes
    this.#itemsPerCall = itemsPerCall
    this.#context = context
    this.#lost = lost
    this.#itemIds = Array.from({ length: points.length }, () => 0)
  }

  /** No sign of life for so long means that the server is dead; known for sure after `start`. */
  get silenceMs(): number {
    return this.#silenceMs
  }

  async start(): Promise<void> {
    const { publishingMs } = this.#settings
    const keepAliveCount = Math.max(2, Math.ceil(keepAliveMs / publishingMs))
    const created = await this.#call(
      this.#session.createSubscription({
        requestedPublishingInterval: publishingMs,
        requestedMaxKeepAliveCount: keepAliveCount,
        requestedLifetimeCount: lifetimeKeepAlives * keepAliveCount,
        maxNotificationsPerPublish: 0,
        publishingEnabled: true,
        priority: 0,
      }),
      'creating the subscription',
    )
    this.#id = created.subscriptionId
    this.#silenceMs = keepAlivesMissing * created.revisedPublishingInterval * created.revisedMaxKeepAliveCount + callTimeoutMs
    this.#watch()
    while (this.#publishes < publishesWaiting) this.#publish()
    await this.#monitor(this.#points.map((_, point) => point))
    if (this.#ended) throw new NotConnected(`${this.#settings.endpointUrl}: the connection ended while subscribing`)
    this.#stopRetrying = every(this.#context.clock, retryMissingMs, () => this.#retryMissing())
  }

  end(): void {
    this.#ended = true
    this.#cancelWatch()
    this.#stopRetrying()
  }

  /** Creates the items of these points; what the server refuses marks its own point only. */
  async #monitor(points: readonly number[], withTimestamps = true): Promise<void> {
    const unfiltered: number[] = []
    const waiting = points.filter((point) => {
      const node = this.#nodes[point]
      if (typeof node === 'string') this.#context.sink.fault(point, qualities.badUnknownNode.code, node)
      return typeof node !== 'string'
    })
    while (waiting.length > 0 && !this.#ended) {
      const batch = waiting.slice(0, this.#itemsPerCall)
      const results = await this.#createItems(batch, withTimestamps)
      if (!results) continue
      waiting.splice(0, batch.length)
      batch.forEach((point, row) => {
        const result = results[row] as MonitoredItemCreateResult
        if (withTimestamps && /Filter/.test(result.statusCode.name)) unfiltered.push(point)
        else this.#noteItem(point, result)
      })
    }
    if (unfiltered.length > 0) await this.#monitor(unfiltered, false)
  }

  /** Undefined when the call was too large: the batches are smaller from now on. */
  async #createItems(batch: readonly number[], withTimestamps: boolean): Promise<readonly MonitoredItemCreateResult[] | undefined> {
    const { samplingMs, queueSize } = this.#settings
    // A value that was measured again counts as news although it is the same: an idle machine is not a dead one.
    const filter = withTimestamps
      ? {
          filter: new DataChangeFilter({
            trigger: DataChangeTrigger.StatusValueTimestamp,
            deadbandType: DeadbandType.None,
            deadbandValue: 0,
          }),
        }
      : {}
    const creating = this.#session.createMonitoredItems({
      subscriptionId: this.#id,
      timestampsToReturn: TimestampsToReturn.Both,
      itemsToCreate: batch.map((point) => ({
        itemToMonitor: { nodeId: this.#nodes[point] as NodeId, attributeId: AttributeIds.Value },
        monitoringMode: 2,
        requestedParameters: { clientHandle: point, samplingInterval: samplingMs, queueSize, discardOldest: true, ...filter },
      })),
    })
    try {
      return (await this.#call(creating, 'subscribing to the nodes')).results ?? []
    } catch (error) {
      if (batch.length === 1 || !/BadTooManyOperations|TooLarge|LimitsExceeded/.test(messageOf(error))) throw error
      this.#itemsPerCall = Math.ceil(batch.length / 2)
      return undefined
    }
  }

  #noteItem(point: number, { statusCode, monitoredItemId }: MonitoredItemCreateResult): void {
    if (!statusCode.isNotGood()) {
      this.#itemIds[point] = monitoredItemId
      this.#missing.delete(point)
      return
    }
    this.#missing.add(point)
    const quality = qualityOfNode(statusCode)
    const address = String(this.#nodes[point])
    this.#context.sink.fault(point, isBad(quality) ? quality : qualities.bad.code, `node ${address}: ${statusCode.description}`)
  }

  async #retryMissing(): Promise<void> {
    const points = [...this.#missing]
    if (points.length === 0 || this.#ended) return
    const stale = points.flatMap((point) => this.#itemIds[point] || [])
    try {
      for (let at = 0; at < stale.length; at += this.#itemsPerCall) {
        const monitoredItemIds = stale.slice(at, at + this.#itemsPerCall)
        const request = { subscriptionId: this.#id, monitoredItemIds }
        const deleting = new Promise<void>((resolve) => this.#session.deleteMonitoredItems(request, () => resolve()))
        await this.#call(deleting, 'giving up old items')
      }
      for (const point of points) this.#itemIds[point] = 0
      await this.#monitor(points)
    } catch (error) {
      if (!this.#ended) this.#context.log.warn(`asking again for ${points.length} missing nodes failed: ${messageOf(error)}`)
    }
  }

  #publish(): void {
    this.#publishes++
    const request = new PublishRequest({
      requestHeader: { timeoutHint: Math.min(0x7fff_ffff, this.#silenceMs * (publishesWaiting + 1)) },
      subscriptionAcknowledgements: this.#acknowledgements.splice(0),
    })
    this.#session.publish(request, (error, response) => {
      this.#publishes--
      if (this.#ended) return
      if (error || !response) this.#publishFailed(messageOf(error))
      else {
        this.#take(response)
        this.#publish()
      }
    })
  }

  #publishFailed(message: string): void {
    // The server lives but wants fewer requests waiting, or let one expire.
    if (/BadTooManyPublishRequests/.test(message) && this.#publishes > 0) return
    if (/BadTimeout/.test(message)) return this.#publish()
    this.#lost(new NotConnected(`${this.#settings.endpointUrl}: the subscription ended: ${statusWords(message)}`))
  }

  #take({ notificationMessage }: PublishResponse): void {
    this.#context.alive()
    this.#watch()
    const notifications = notificationMessage.notificationData ?? []
    if (notifications.length > 0)
      this.#acknowledgements.push({ subscriptionId: this.#id, sequenceNumber: notificationMessage.sequenceNumber })
    const now = this.#context.clock.now()
    for (const notification of notifications) {
      if (notification instanceof DataChangeNotification)
        for (const { clientHandle, value } of notification.monitoredItems ?? []) this.#takeValue(clientHandle, value, now)
      else if (notification instanceof StatusChangeNotification)
        this.#lost(new NotConnected(`${this.#settings.endpointUrl}: the server ended the subscription: ${notification.status.description}`))
    }
  }

  #takeValue(index: number, value: DataValue, now: number): void {
    const point = this.#points[index]
    if (!point) return
    if ((value.statusCode.value & overflowBits) === overflowBits && !this.#overflowed) {
      this.#overflowed = true
      this.#context.log.warn(
        `values of ${point.tag} were overwritten at the server before they were sent: raise queueSize or lower publishingMs`,
      )
    }
    if (isMissing(value.statusCode)) this.#missing.add(index)
    giveValue(this.#context.sink, index, point, value, now)
  }

  #watch(): void {
    this.#cancelWatch()
    this.#cancelWatch = this.#context.clock.after(this.#silenceMs, () =>
      this.#lost(new NotConnected(`${this.#settings.endpointUrl} has sent no keep-alive for ${Math.round(this.#silenceMs / 1000)} s`)),
    )
  }

  #call<T>(work: Promise<T>, what: string): Promise<T> {
    return within(work, callTimeoutMs, this.#context.clock, what)
  }
}
