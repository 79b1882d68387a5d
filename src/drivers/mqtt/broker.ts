// Broker mode: an embedded MQTT broker (aedes, 3.1.1) to which devices publish. Messages are taken in the publish hook, before the
// broker passes them on to its other clients; a QoS 1 message is confirmed to its device once it is durable, many by one disk sync.
import type { EventEmitter } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { Aedes, type AedesPublishPacket, type Client, type PublishPacket } from 'aedes'
import type { Value } from '#core/batch.ts'
import type { Driver, DriverContext, Point } from '#core/driver.ts'
import { messageOf, NotConnected, Rejected } from '#core/errors.ts'
import { occasionally } from '#core/occasionally.ts'
import { Confirmations } from '#drivers/shared/confirm.ts'
import { aliveIntervalMs, ListeningPort } from '#drivers/shared/listen.ts'
import { commandOf, commandTimeoutMs } from './command.ts'
import { packetSizeGuard } from './packet-size.ts'
import { RetainedBound } from './retained-bound.ts'
import type { BrokerSettings, MqttAddress } from './settings.ts'
import { TopicRouter } from './topic-router.ts'

/** Bytes of messages taken but not yet on disk; beyond it no client is read from. */
const inHandBytesMax = 32 * 1024 * 1024
/** Subscriptions that one client may hold. */
const subscriptionsMax = 1000
/** A subscriber that takes nothing for so long is cut off, so that it does not hold up those who publish. */
const drainTimeoutMs = 5000

/** A command on its way: its deliveries to subscribers, each named by client and message id. */
interface PendingCommand {
  readonly deliveries: Set<string>
  confirm(): void
}

/** The part of the broker's store that hears which message a subscriber has acknowledged. */
interface AcknowledgementStore {
  outgoingClearMessageId(client: { id: string }, packet: { messageId?: number }): Promise<void>
}

export class MqttBroker implements Driver {
  readonly watchdogMs = 4 * aliveIntervalMs
  #settings: BrokerSettings
  #points: readonly Point<MqttAddress>[]
  #context: DriverContext
  #router: TopicRouter
  #confirmations: Confirmations
  #warn: (message: string) => void
  #server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 })
  #port: ListeningPort
  #broker: Aedes | undefined
  #sockets = new Set<Socket>()
  #unread = new Set<Socket>()
  #subscriptions = new WeakMap<Client, Set<string>>()
  #retained = new RetainedBound()
  /** By the object that marks the command's packet and each copy of it. */
  #commands = new Map<object, PendingCommand>()
  #messageId = 0
  #closed = false
  #closing: Promise<void> | undefined

  constructor(settings: BrokerSettings, points: readonly Point<MqttAddress>[], context: DriverContext) {
    this.#settings = settings
    this.#points = points
    this.#context = context
    this.#router = new TopicRouter(points, context)
    this.#confirmations = new Confirmations(context.sink, inHandBytesMax, () => this.#readOn())
    this.#warn = occasionally(context)
    this.#port = new ListeningPort(this.#server, settings, 'MQTT broker', context)
  }

  async connect(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const broker = await Aedes.createBroker({
      drainTimeout: drainTimeoutMs,
      // Every client starts afresh: the broker keeps no messages for absent ones, whose number has no bound.
      preConnect: (_, packet, done) => {
        packet.clean = true
        done(null, true)
      },
      authorizePublish: (_, packet, done) => void this.#takeOrRefuse(packet, done),
      authorizeSubscribe: (client, subscription, done) => done(null, this.#maySubscribe(client, subscription.topic) ? subscription : null),
      authorizeForward: (client, packet) => this.#forward(client, packet),
    })
    this.#broker = broker
    // Its types leave out the event with which it gives up; without a listener the whole process would end.
    const events: EventEmitter = broker
    events.on('error', (error) => this.#context.lost(new NotConnected(`the MQTT broker failed: ${messageOf(error)}`)))
    broker.on('clientError', (client, error) => this.#warn(`MQTT client ${client.id}: ${error.message}`))
    broker.on('connectionError', (_, error) => this.#warn(`an MQTT client that had not introduced itself: ${error.message}`))
    broker.on('unsubscribe', (topics, client) => topics.forEach((topic) => this.#subscriptions.get(client)?.delete(topic)))
    const store = (broker as unknown as { persistence: AcknowledgementStore }).persistence
    store.outgoingClearMessageId = async (client, { messageId }) => this.#acknowledged(`${messageId} ${client.id}`)
    this.#server.maxConnections = this.#settings.clientsMax
    this.#server.on('connection', (socket) => this.#accept(socket, broker))
    this.#server.on('drop', () => this.#warn(`more than clientsMax (${this.#settings.clientsMax}) MQTT clients: one was refused`))
    try {
      await this.#port.open(signal)
    } catch (error) {
      await this.close()
      throw error
    }
  }

  async write(index: number, value: Value): Promise<void> {
    const point = this.#points[index]
    const broker = this.#broker
    if (!point || !broker || this.#closed) throw new NotConnected('the MQTT broker is not running')
    const { topic, payload } = commandOf(point, value)
    const confirmed = Promise.withResolvers<void>()
    const command: PendingCommand = { deliveries: new Set(), confirm: confirmed.resolve }
    const mark = {}
    const cancel = this.#context.clock.after(commandTimeoutMs, () =>
      confirmed.reject(
        new NotConnected(`no device confirmed the command on ${topic} within ${commandTimeoutMs / 1000} s; it must subscribe with QoS 1`),
      ),
    )
    this.#commands.set(mark, command)
    try {
      await new Promise<void>((resolve, reject) => {
        const packet = { cmd: 'publish', topic, payload, qos: 1, retain: false, dup: false, properties: mark } as const
        broker.publish(packet, (error) => (error ? reject(new NotConnected(error.message)) : resolve()))
      })
      if (command.deliveries.size === 0) throw new Rejected(`no device is subscribed to ${topic}, so the command reached nobody`)
      await confirmed.promise
    } finally {
      cancel()
      confirmed.promise.catch(() => {})
      this.#commands.delete(mark)
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#end()
    return this.#closing
  }

  async #end(): Promise<void> {
    this.#closed = true
    for (const socket of this.#sockets) socket.destroy()
    const broker = this.#broker
    if (broker) await new Promise<void>((resolve) => broker.close(resolve))
    await this.#port.close()
  }

  /** Reads from a client's socket while there is room for what it sends. */
  #accept(socket: Socket, broker: Aedes): void {
    const { packetBytesMax } = this.#settings
    const tooLarge = packetSizeGuard(packetBytesMax)
    const read = socket.read.bind(socket)
    socket.read = (size?: number) => {
      if (size === 0) return read(0) // the stream's own way to fetch more, gives nothing out
      if (this.#confirmations.full) {
        this.#unread.add(socket)
        return null
      }
      const chunk = read(size) as Uint8Array | null
      if (!chunk || !tooLarge(chunk)) return chunk
      socket.destroy(new Error(`it sent a packet larger than packetBytesMax (${packetBytesMax} bytes)`))
      return null
    }
    this.#sockets.add(socket)
    socket.on('close', () => {
      this.#sockets.delete(socket)
      this.#unread.delete(socket)
    })
    broker.handle(socket)
  }

  #readOn(): void {
    const sockets = [...this.#unread]
    this.#unread.clear()
    for (const socket of sockets) socket.emit('readable')
  }

  /** At once, unless the disk refused the last message: then it is asked before this one is recorded. */
  async #takeOrRefuse(packet: PublishPacket, done: (error?: Error | null) => void): Promise<void> {
    const refusal = this.#confirmations.refusal()
    const error = refusal && (await refusal)
    if (error) done(error)
    else this.#take(packet, done)
  }

  #take(packet: PublishPacket, done: (error?: Error | null) => void): void {
    if (this.#closed) return done(new Error('the broker is closing'))
    if (packet.topic.startsWith('$'))
      return done(new Error(`it published to ${packet.topic}; topics that begin with $ are the broker's own`))
    const payload = packet.payload as Buffer
    if (packet.retain && !this.#retained.admit(packet.topic, payload.length)) {
      packet.retain = false
      this.#warn(`the broker retains no more messages: ${packet.topic} was passed on but not retained`)
    }
    const reader = this.#router.reader(packet.topic)
    reader?.read(payload)
    if (!reader && this.#confirmations.idle) return done(null)
    // A QoS 0 message awaits nothing, but counts as in hand.
    this.#confirmations.add(payload.length, packet.qos === 0 ? () => {} : done)
    if (packet.qos === 0) done(null)
  }

  #maySubscribe(client: Client, filter: string): boolean {
    const held = this.#subscriptions.get(client) ?? new Set()
    this.#subscriptions.set(client, held)
    const refusal = filter.startsWith('$share/')
      ? 'this broker has no shared subscriptions'
      : held.size >= subscriptionsMax && !held.has(filter)
        ? `a client may hold ${subscriptionsMax} subscriptions`
        : undefined
    if (refusal === undefined) held.add(filter)
    else this.#warn(`MQTT client ${client.id} may not subscribe to ${filter}: ${refusal}`)
    return refusal === undefined
  }

  /** Numbers the copies of a command, so that their acknowledgements are known. */
  #forward(client: Client, packet: AedesPublishPacket): AedesPublishPacket {
    const command = packet.properties && this.#commands.get(packet.properties)
    if (command) {
      this.#messageId = (this.#messageId % 65_535) + 1
      packet.messageId = this.#messageId
      command.deliveries.add(`${packet.messageId} ${client.id}`)
    }
    return packet
  }

  #acknowledged(delivery: string): void {
    for (const command of this.#commands.values()) if (command.deliveries.has(delivery)) command.confirm()
  }
}
