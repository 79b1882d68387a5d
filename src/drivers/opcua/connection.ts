// One OPC UA client with one session: opened within a bound, closed within a bound, and never reconnecting by itself.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import {
  LogLevel,
  MessageSecurityMode,
  OPCUAClient,
  SecurityPolicy,
  setLogLevel,
  StatusCodes,
  UserTokenType,
  type ClientSecureChannelLayer,
  type ClientSession,
  type StatusCode,
} from 'node-opcua-client'
import { OPCUACertificateManager } from 'node-opcua-certificate-manager'
import type { DriverContext } from '#core/driver.ts'
import { ConfigError, messageOf, NotConnected } from '#core/errors.ts'
import { networkReason } from '#drivers/shared/network-reason.ts'
import type { OpcuaSettings } from './settings.ts'
import { within } from './within.ts'

// node-opcua writes its warnings to stdout; what matters of them comes as an error to the runner.
if (process.env.NODEOPCUA_LOG_LEVEL === undefined) setLogLevel(LogLevel.Error)

const connectTimeoutMs = 10_000
/** node-opcua cuts a socket that is idle for so long, and waits as long for the first answer: the bounds here are shorter. */
const idleTimeoutMs = 600_000
const closeTimeoutMs = 1500
const sessionTimeoutMs = 60_000
/** How long any single service call may take. */
export const callTimeoutMs = 8000

/** Refusals of who we are: trying again with the same name and password can only lock the account. */
const refusedIdentities = /BadUserAccessDenied|BadIdentityTokenRejected|BadIdentityTokenInvalid/

export class OpcuaConnection {
  #settings: OpcuaSettings
  #context: DriverContext
  #lost: (error: NotConnected) => void
  #client: OPCUAClient | undefined
  #channel: ClientSecureChannelLayer | undefined
  /** The session while it is being made and after: one that is half made must be closed too, or the server keeps it for a minute. */
  #session: Promise<ClientSession> | undefined
  #closing: Promise<void> | undefined

  /** `lost` is called when an open session ends without `close`; maybe more than once. */
  constructor(settings: OpcuaSettings, context: DriverContext, lost: (error: NotConnected) => void) {
    this.#settings = settings
    this.#context = context
    this.#lost = lost
  }

  /** Opens the session. Throws `NotConnected`, or `ConfigError` when the server refuses the user. */
  async open(signal: AbortSignal): Promise<ClientSession> {
    const { endpointUrl, user, password } = this.#settings
    if (this.#closing || signal.aborted) throw new NotConnected(`connecting to ${endpointUrl} was given up`)
    const client = this.#createClient()
    this.#client = client
    client.on('secure_channel_created', (channel) => (this.#channel = channel))
    const identity =
      user === undefined || password === undefined
        ? { type: UserTokenType.Anonymous as const }
        : { type: UserTokenType.UserName as const, userName: user, password }
    const opening = client.connect(endpointUrl).then(() => (this.#session = client.createSession(identity)))
    try {
      const session = await within(opening, connectTimeoutMs, this.#context.clock, `connecting to ${endpointUrl}`, signal)
      if (this.#closing) throw new NotConnected(`connecting to ${endpointUrl} was given up`)
      client.on('close', (error) => this.#lose(error ? networkReason(error) : 'the server closed the connection'))
      client.on('connection_lost', () => this.#lose('the connection broke'))
      session.on('session_closed', (status) => this.#lose(`the server closed the session: ${status.description}`))
      return session
    } catch (error) {
      await this.close()
      throw this.#explain(error)
    }
  }

  /** Never throws; cuts the connection where the server does not take leave in time. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const leave = async () => {
      const session = await this.#session?.catch(() => undefined)
      await session?.close(true)
      await this.#client?.disconnect()
    }
    try {
      await within(leave(), closeTimeoutMs, this.#context.clock, 'taking leave')
    } catch {
      const cut = new Promise<void>((resolve) => (this.#channel ? this.#channel.abortConnection(() => resolve()) : resolve()))
      const cutting = cut.then(() => this.#client?.disconnect())
      await within(cutting, closeTimeoutMs, this.#context.clock, 'cutting the connection').catch(() => {})
    }
  }

  #lose(reason: string): void {
    if (!this.#closing) this.#lost(new NotConnected(`${this.#settings.endpointUrl}: ${reason}`))
  }

  #createClient(): OPCUAClient {
    const { securityMode, securityPolicy } = this.#settings
    const trusted = join(this.#context.folder, 'trusted', 'certs')
    const knowsNoServer = !existsSync(trusted) || readdirSync(trusted).length === 0
    return OPCUAClient.create({
      applicationName: 'Millwright',
      clientName: 'Millwright',
      // The first server is believed and its certificate kept; from then on another certificate is refused until a person trusts it.
      clientCertificateManager: new OPCUACertificateManager({
        rootFolder: this.#context.folder,
        automaticallyAcceptUnknownCertificate: knowsNoServer,
        disableFileWatchers: true,
      }),
      securityMode: MessageSecurityMode[securityMode],
      securityPolicy: securityMode === 'None' ? SecurityPolicy.None : SecurityPolicy[securityPolicy ?? 'Basic256Sha256'],
      connectionStrategy: { maxRetry: 0, initialDelay: 100, maxDelay: 100 },
      endpointMustExist: false,
      transportTimeout: idleTimeoutMs,
      defaultTransactionTimeout: callTimeoutMs,
      requestedSessionTimeout: sessionTimeoutMs,
    })
  }

  #explain(error: unknown): Error {
    const { endpointUrl, user } = this.#settings
    if (error instanceof NotConnected) return error
    const message = messageOf(error)
    if (refusedIdentities.test(message))
      return new ConfigError(
        `${endpointUrl} refuses ${user === undefined ? 'anonymous users; set user and password' : `the user ${user} or the password`}`,
      )
    if (/BadCertificate|BadSecurityChecksFailed/.test(message))
      return new NotConnected(
        `${endpointUrl}: a certificate is not trusted (${statusWords(message)}). Either the server must trust ours, ${join(this.#context.folder, 'own/certs/client_certificate.pem')}, ` +
          `or the server's is new: move it from ${join(this.#context.folder, 'rejected')} to trusted/certs if it is right`,
      )
    if (/waiting for data|disconnected by third party|Channel Closed/i.test(message) && !/ECONN/.test(message))
      return new NotConnected(`${endpointUrl} accepts the connection but does not answer as an OPC UA server does`)
    return new NotConnected(`${endpointUrl}: ${/\bBad[A-Z]\w+/.test(message) ? statusWords(message) : networkReason(error)}`)
  }
}

/** The description of the OPC UA status that a message of node-opcua quotes by name. */
export function statusWords(message: string): string {
  const name = /\bBad[A-Z]\w+/.exec(message)?.[0]
  const status = name === undefined ? undefined : (StatusCodes as unknown as Record<string, StatusCode | undefined>)[name]
  return status ? `${status.name}, ${status.description}` : (name ?? message)
}
