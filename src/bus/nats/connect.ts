// The connection to NATS that all parts of a process share: it comes back by itself, for ever, and says once when it is gone and once
// when it is back.
import { connect, errors, type ConnectionOptions, type NatsConnection } from '@nats-io/transport-node'
import { sleep, type Clock } from '#core/clock.ts'
import type { Log } from '#core/driver.ts'
import { ConfigError, messageOf } from '#core/errors.ts'
import { occasionally } from '#core/occasionally.ts'

export interface NatsOptions {
  /**
   * One address or several of one cluster, separated by commas: `nats://user:password@host:4222`; a user without a password is a token;
   * `tls://` insists on encryption.
   */
  readonly url: string
  /** What the server shows for this connection. */
  readonly name: string
  readonly clock: Clock
  readonly log: Log
}

export interface NatsLink {
  readonly connection: NatsConnection
  /** Whether the connection stands, as far as is known. */
  readonly connected: () => boolean
  /** Counts the connections so far: what was under way when it changed may be lost. */
  readonly session: () => number
  /** Sends what is under way and closes for good. */
  readonly close: () => Promise<void>
}

const dialTimeoutMs = 5_000
const reconnectMs = 250
/** A peer that answers no ping for two of these is gone, whatever its socket says. */
const pingIntervalMs = 5_000
const drainTimeoutMs = 3_000

/** Connects. Throws `ConfigError` when nobody answers there, or not to us. */
export async function connectNats({ url, name, clock, log }: NatsOptions): Promise<NatsLink> {
  const { hosts, ...options } = readUrl(url)
  const settings: ConnectionOptions = {
    ...options,
    servers: hosts,
    name,
    timeout: dialTimeoutMs,
    maxReconnectAttempts: -1,
    reconnectTimeWait: reconnectMs,
    reconnectJitter: reconnectMs,
    ignoreAuthErrorAbort: true,
    pingInterval: pingIntervalMs,
    noAsyncTraces: true,
  }
  const refused = (error: unknown) => {
    throw refusal(error, hosts.join(', '))
  }
  // A cluster tells whom it does not let in of more and more servers, and the client would try them for ever: so it first asks those named here only.
  await (await connect({ ...settings, ignoreClusterUpdates: true }).catch(refused)).close()
  const connection = await connect(settings).catch(refused)
  let connected = true
  let session = 1
  const warn = occasionally({ clock, log })
  const follow = async () => {
    for await (const status of connection.status()) {
      if (status.type === 'disconnect') {
        connected = false
        log.warn(`the connection to NATS at ${status.server} is lost; trying ${hosts.join(', ')} until it is back`)
      } else if (status.type === 'reconnect') {
        connected = true
        session += 1
        log.info(`connected to NATS at ${status.server} again`)
      } else if (status.type === 'error') warn(`NATS says: ${status.error.message}`)
    }
  }
  void follow()
  return {
    connection,
    connected: () => connected && !connection.isClosed(),
    session: () => session,
    async close() {
      if (connected) {
        // Draining waits for the server, which may never answer.
        const drained = new AbortController()
        const draining = connection.drain().catch(() => {})
        void draining.then(() => drained.abort())
        await sleep(clock, drainTimeoutMs, drained.signal)
      }
      connected = false
      await connection.close()
    },
  }
}

function readUrl(url: string): ConnectionOptions & { hosts: string[] } {
  const urls = url.split(',').map((part) => {
    const text = part.trim()
    const parsed = URL.canParse(text) ? new URL(text) : undefined
    if (parsed && ['nats:', 'tls:'].includes(parsed.protocol) && parsed.hostname !== '') return parsed
    throw new ConfigError(`"${text.replace(/\/\/[^@]*@/, '//…@')}" is no address of NATS; write NATS_URL such as nats://127.0.0.1:4222`)
  })
  const { username, password } = urls.find((one) => one.username !== '') ?? { username: '', password: '' }
  const [user, pass] = [decodeURIComponent(username), decodeURIComponent(password)]
  return {
    hosts: urls.map(({ hostname, port }) => `${hostname}:${port === '' ? 4222 : port}`),
    ...(urls.some(({ protocol }) => protocol === 'tls:') && { tls: {} }),
    ...(user !== '' && (pass === '' ? { token: user } : { user, pass })),
  }
}

function refusal(error: unknown, hosts: string): ConfigError {
  if (error instanceof errors.AuthorizationError || error instanceof errors.UserAuthenticationExpiredError)
    return new ConfigError(
      `NATS at ${hosts} does not let us in: ${error.message}; check user and password in NATS_URL (nats://user:password@host:4222)`,
    )
  return new ConfigError(`no NATS server answers at ${hosts}: ${messageOf(error)}; start one, or correct NATS_URL`)
}
