// Client mode: subscribes at an MQTT server that runs elsewhere. A QoS 1 message is acknowledged only once it is durable here, many by
// one disk sync, and the server keeps the session while we are away, so that nothing published meanwhile is lost.
import { readFile } from 'node:fs/promises'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import { MqttClient as MqttJs, type IClientOptions, type IPublishPacket, type Packet } from 'mqtt'
import type { Value } from '#core/batch.ts'
import type { Driver, DriverContext, Point } from '#core/driver.ts'
import { ConfigError, messageOf, NotConnected, Rejected } from '#core/errors.ts'
import { good, qualities } from '#core/quality.ts'
import { Confirmations } from '#drivers/shared/confirm.ts'
import { networkReason } from '#drivers/shared/network-reason.ts'
import { storedClientId } from './client-id.ts'
import { commandOf, commandTimeoutMs } from './command.ts'
import { packetSizeGuard } from './packet-size.ts'
import type { ClientSettings, MqttAddress } from './settings.ts'
import { TopicRouter } from './topic-router.ts'

/** Bytes of messages taken but not yet on disk; beyond it nothing more is read. */
const inHandBytesMax = 8 * 1024 * 1024
/** Reasons of a refusal that no retry mends: version, client id, user or password, not authorised, banned (MQTT 3.1.1 §3.2.2.3, MQTT 5 §3.2.2.2). */
const hopelessRefusals = new Set([1, 2, 4, 5, 132, 133, 134, 135, 138, 140])
const noSubscribers = 16
const disconnectPacket = Buffer.of(0xe0, 0)

export class MqttReader implements Driver {
  readonly watchdogMs: number
  #settings: ClientSettings
  #points: readonly Point<MqttAddress>[]
  #context: DriverContext
  #router: TopicRouter
  #confirmations: Confirmations
  #client: MqttJs | undefined
  #held: (() => void) | undefined
  #acknowledged: number[] = []
  /** Message ids of commands to whose topic nobody was subscribed (MQTT 5 only). */
  #unheard = new Set<number>()
  /** Rejects when the connection is gone, for whoever waits for an answer. */
  #gone = Promise.withResolvers<never>()
  #connected = false
  #failed = false
  #closed = false
  #closing: Promise<void> | undefined

  constructor(settings: ClientSettings, points: readonly Point<MqttAddress>[], context: DriverContext) {
    this.#settings = settings
    this.#points = points
    this.#context = context
    this.#router = new TopicRouter(points, context)
    this.#confirmations = new Confirmations(context.sink, inHandBytesMax, () => this.#readOn())
    this.watchdogMs = settings.keepAliveSeconds * 2000 + 5000
    this.#gone.promise.catch(() => {})
  }

  async connect(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    // While nothing can be kept, the server keeps it: a message that is refused after it was recorded would come again, and anew.
    await this.#context.sink.durable()
    const { clean, options, openSocket } = await this.#prepare()
    signal.throwIfAborted()
    if (this.#closed) throw this.#notConnected('it was closed while it connected')
    const abort = () => this.#fail(new Error('connecting was given up'))
    signal.addEventListener('abort', abort, { once: true })
    const client = new MqttJs(openSocket, options)
    this.#client = client
    const accepted = Promise.withResolvers<void>()
    client.on('connect', () => accepted.resolve())
    client.on('packetreceive', (packet) => this.#receive(packet))
    client.handleMessage = (packet, next) => this.#take(packet, next)
    client.on('error', (error) => this.#fail(error))
    client.on('disconnect', () => this.#fail(new Error('the server ended the connection')))
    client.on('close', () => this.#fail(new Error('the connection was closed')))
    try {
      await Promise.race([accepted.promise, this.#gone.promise])
      await Promise.race([this.#subscribe(client), this.#gone.promise])
      this.#connected = true
      const session = clean ? '' : ', which keeps messages while we are away'
      this.#context.log.info(`connected to ${this.#settings.url} as ${options.clientId}${session}`)
    } catch (error) {
      await this.close()
      throw error
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  async write(index: number, value: Value): Promise<void> {
    const point = this.#points[index]
    const client = this.#client
    if (!point || !client?.connected || this.#closed) throw this.#notConnected('a command cannot be sent now')
    const { topic, payload } = commandOf(point, value)
    const late = Promise.withResolvers<never>()
    const cancel = this.#context.clock.after(commandTimeoutMs, () =>
      late.reject(this.#notConnected(`the command on ${topic} was not confirmed within ${commandTimeoutMs / 1000} s`)),
    )
    try {
      const publishing = client.publishAsync(topic, payload, { qos: 1 }).catch((error: unknown) => {
        throw new Rejected(`the MQTT server refused the command on ${topic}: ${messageOf(error)}`)
      })
      publishing.catch(() => {})
      const messageId = client.getLastMessageId()
      await Promise.race([publishing, late.promise, this.#gone.promise])
      if (this.#unheard.delete(messageId)) throw new Rejected(`no device is subscribed to ${topic}, so the command reached nobody`)
    } finally {
      cancel()
      late.promise.catch(() => {})
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#end()
    return this.#closing
  }

  async #end(): Promise<void> {
    this.#closed = true
    this.#fail(new Error('it was closed'))
    const client = this.#client
    if (!client) return
    const { stream } = client
    const ended = new Promise<void>((resolve) => (stream.closed ? resolve() : void stream.once('close', () => resolve())))
    if (client.connected && stream.writable) stream.write(disconnectPacket)
    client.end(true)
    await ended
  }

  async #prepare() {
    const { url, clientId, user, password, qos, clean = qos === 0, keepAliveSeconds, version, packetBytesMax } = this.#settings
    const { protocol, hostname, port } = new URL(url)
    const options: IClientOptions = {
      clientId: clientId ?? (await storedClientId(this.#context.folder)),
      clean,
      keepalive: keepAliveSeconds,
      protocolVersion: version,
      protocolId: 'MQTT',
      connectTimeout: this.#settings.connectTimeoutMs,
      reconnectPeriod: 0,
      resubscribe: false,
      ...(user !== undefined && { username: user }),
      ...(password !== undefined && { password }),
      ...(version === 5 && {
        properties: { maximumPacketSize: packetBytesMax, sessionExpiryInterval: clean ? 0 : this.#settings.sessionExpirySeconds },
      }),
    }
    const secure = protocol === 'mqtts:'
    const tls = secure ? await this.#tlsOptions() : {}
    const host = hostname.replace(/^\[(.*)\]$/, '$1')
    const target = { ...tls, host, port: Number(port) || (secure ? 8883 : 1883), ...(isIP(host) === 0 && { servername: host }) }
    const openSocket = () => {
      const socket: Socket = secure ? connectTls(target) : connectTcp(target)
      socket.setNoDelay(true)
      const tooLarge = packetSizeGuard(packetBytesMax)
      // Listens before the parser does, so that a packet that is too large is refused before it is gathered.
      socket.on('data', (chunk: Buffer) => {
        if (!tooLarge(chunk)) return
        this.#fail(
          new Error(
            `it sent a packet larger than packetBytesMax (${packetBytesMax} bytes): raise it, or remove that message at the server`,
          ),
        )
        socket.destroy()
      })
      return socket
    }
    return { clean, options, openSocket }
  }

  async #tlsOptions(): Promise<ConnectionOptions> {
    const { caFile, certFile, keyFile } = this.#settings
    const read = async (setting: string, file: string | undefined) =>
      file === undefined
        ? undefined
        : await readFile(file).catch((error: unknown) => {
            throw new ConfigError(`the setting ${setting} names ${file}, which cannot be read: ${messageOf(error)}`)
          })
    return { ca: await read('caFile', caFile), cert: await read('certFile', certFile), key: await read('keyFile', keyFile) }
  }

  async #subscribe(client: MqttJs): Promise<void> {
    const { filters } = this.#router
    if (filters.length === 0) return
    const granted = await new Promise<readonly (number | { code?: number })[]>((resolve, reject) => {
      client.subscribe([...filters], { qos: this.#settings.qos }, (error, _, answer) => {
        const codes = (answer as { granted?: (number | { code?: number })[] } | undefined)?.granted
        if (codes) resolve(codes)
        else reject(this.#notConnected(`the server did not confirm the subscriptions: ${error ? messageOf(error) : 'no answer'}`))
      })
    })
    for (const [index, filter] of filters.entries()) {
      const code = granted[index]
      if (typeof code !== 'number' || code < 128) continue
      const reason = `the MQTT server refuses the subscription to ${filter} (code ${code}); see its access rules`
      for (const point of this.#router.pointsOf(filter)) this.#context.sink.fault(point, qualities.badConfiguration.code, reason)
    }
  }

  /** Any packet shows that the server lives. QoS 1 messages pass the library as QoS 0, because it would acknowledge them one by one. */
  #receive(packet: Packet): void {
    if (!this.#closed) this.#context.alive()
    if (packet.cmd === 'publish' && packet.qos === 1) packet.qos = 0
    else if (packet.cmd === 'puback' && packet.messageId !== undefined && packet.reasonCode === noSubscribers)
      this.#unheard.add(packet.messageId)
  }

  #take(packet: IPublishPacket, next: () => void): void {
    if (this.#failed) return
    const payload = packet.payload as Buffer
    const { messageId } = packet
    // A retained message is the last one before we came; without a time of its own its age is unknown.
    const untimed = packet.retain ? qualities.uncertainLastUsable.code : good
    const reader = this.#router.reader(packet.topic)
    reader?.read(payload, { untimed })
    this.#confirmations.add(payload.length, (error) => {
      if (error) this.#fail(new Error(`its messages cannot be kept now: ${error.message}`))
      else if (messageId !== undefined) this.#acknowledge(messageId)
    })
    if (this.#confirmations.full) this.#held = next
    else next()
  }

  #readOn(): void {
    const next = this.#held
    this.#held = undefined
    next?.()
  }

  /** Gathers the PUBACKs of a group into one write (MQTT 3.1.1 §3.4; the same four bytes in MQTT 5, meaning success). */
  #acknowledge(messageId: number): void {
    if (this.#acknowledged.push(messageId) > 1) return
    queueMicrotask(() => {
      const bytes = Buffer.alloc(4 * this.#acknowledged.length)
      for (const [index, id] of this.#acknowledged.entries()) {
        bytes.writeUInt16BE(0x4002, 4 * index)
        bytes.writeUInt16BE(id, 4 * index + 2)
      }
      this.#acknowledged = []
      const stream = this.#client?.stream
      if (stream?.writable && !this.#closed) stream.write(bytes)
    })
  }

  /** Ends the connection for whoever waits; reports an established one as lost. Only the first call counts. */
  #fail(error: Error & { code?: unknown }): void {
    const refused = typeof error.code === 'number' && !this.#connected
    const failure =
      refused && hopelessRefusals.has(error.code as number)
        ? new ConfigError(
            `the MQTT server at ${this.#settings.url} refuses this client: ${error.message}; check user, password, clientId and version`,
          )
        : this.#notConnected(networkReason(error))
    this.#failed = true
    this.#gone.reject(failure)
    if (!this.#connected || this.#closed) return
    this.#connected = false
    this.#context.lost(failure)
  }

  #notConnected(reason: string): NotConnected {
    return new NotConnected(`the MQTT server at ${this.#settings.url}: ${reason}`)
  }
}
