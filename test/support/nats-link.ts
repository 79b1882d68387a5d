// A process's connection to a NATS server, with what it logged.
import { connectNats, type NatsLink } from '#bus/nats/connect.ts'
import { systemClock } from '#core/clock.ts'

export interface TestLink extends NatsLink, AsyncDisposable {
  readonly lines: string[]
  readonly log: { info: (message: string) => void; warn: (message: string) => void }
}

export async function linkTo(url: string, name = 'test'): Promise<TestLink> {
  const lines: string[] = []
  const log = { info: (message: string) => void lines.push(message), warn: (message: string) => void lines.push(message) }
  const link = await connectNats({ url, name, clock: systemClock, log })
  return { ...link, lines, log, [Symbol.asyncDispose]: () => link.close() }
}
