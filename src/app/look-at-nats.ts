// Whether NATS answers and has JetStream, without changing anything in it.
import { jetstreamManager } from '@nats-io/jetstream'
import { connectNats } from '#bus/nats/connect.ts'
import { systemClock } from '#core/clock.ts'
import { messageOf } from '#core/errors.ts'

export interface NatsLook {
  readonly level: 'ok' | 'warn' | 'fail'
  readonly text: string
  readonly mend?: string
}

/** Looks at the servers of a URL and says what they are, or what is wrong with them. */
export async function lookAtNats(url: string): Promise<NatsLook> {
  const log = { info: () => {}, warn: () => {} }
  try {
    const link = await connectNats({ url, name: 'millwright doctor', clock: systemClock, log })
    try {
      const { info } = link.connection
      const at = `NATS ${info?.version} answers at ${link.connection.getServer()}`
      if (info?.jetstream !== true)
        return { level: 'fail', text: `${at}, without JetStream`, mend: 'start it with -js, or with jetstream {} in its configuration' }
      await jetstreamManager(link.connection)
      if (info.cluster !== undefined) return { level: 'ok', text: `${at}, of the cluster ${info.cluster}, with JetStream` }
      return { level: 'warn', text: `${at}, alone, with JetStream`, mend: 'run three as a cluster, so that one may die without a loss' }
    } finally {
      await link.close()
    }
  } catch (error) {
    return { level: 'fail', text: messageOf(error) }
  }
}
