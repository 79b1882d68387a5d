// What takes samples where the roles run apart, for `ingest` and `api` alike: checked here, acknowledged by the telemetry log, then shown live.
// What exists is shared with the other processes through PostgreSQL, and heard of at once on the bus.
import { gatewayOfToken } from '#access/gateway-tokens.ts'
import { rememberTokens } from '#access/known-tokens.ts'
import { Bodies } from '#api/bodies.ts'
import type { ApiContext, ProcessContext } from '#api/context.ts'
import { followGateways } from '#bus/nats/gateway-news.ts'
import { createStreamAppender } from '#bus/nats/stream-appender.ts'
import { every } from '#core/clock.ts'
import type { Batch } from '#core/batch.ts'
import type { Directory } from '#core/directory.ts'
import { messageOf } from '#core/errors.ts'
import { occasionally } from '#core/occasionally.ts'
import { createIngest } from '#ingest/ingest.ts'
import { createLineEntrance } from '#ingest/line-protocol/accept-lines.ts'
import { openDirectory, type SharedDirectory } from '#plant/directory.ts'
import { createQueryStore, type QueryStore } from '#store/postgres/query-store.ts'
import { uplinksTo } from '#app/uplinks.ts'
import type { Common } from './common.ts'
import { hearKinds } from './kinds.ts'
import { askOwners, type Owners } from './questions.ts'

export interface Entrance extends Pick<ApiContext, 'store' | 'board'> {
  readonly contextOf: (process: ProcessContext) => ApiContext
  /** Bytes that JetStream has not acknowledged yet. */
  readonly figures: () => { bytesInFlight: number }
}

const refreshMs = 5_000
/** A writer that was killed is replaced within it. */
const patienceMs = 15_000

/** Opens it; `started` takes what ends it again, also of what was begun before it throws. */
export async function openEntrance(common: Common, started: (() => Promise<unknown> | void)[]): Promise<Entrance> {
  const { link, clock, log, pool, database, partitions, bus, plant } = common
  const appender = createStreamAppender({ link, partitions })
  const owners = askOwners(link, partitions)
  const { copy: ask, remove } = owners
  const append: QueryStore['append'] = (deliveries) => appender.append(deliveries)
  const store = createQueryStore({ pool, clock, log, append, remove, ask, patienceMs, refreshMs })
  await store.open()
  started.push(() => store.close())
  const directory = await openDirectory(plant, database, store, (error) => log.error(error))
  const { board, describe, close } = await followGateways({ link, clock, log, described: (news) => directory.learn(news) })
  started.push(close)
  started.push(bus.subscribe('stored', (batch) => observe(batch, store, directory)))
  started.push(hearKinds(link, (tag, kind) => directory.settle(tag, kind)))
  started.push(await keepUp(common, store, directory, owners))
  const say = occasionally({ clock, log })
  /** NATS keeps what gateways describe as well, so their samples need not wait for PostgreSQL. */
  const merge: Directory['merge'] = (description) =>
    directory.merge(description).catch((error: unknown) => say(`machines of a gateway are not kept in PostgreSQL now: ${messageOf(error)}`))
  return {
    store,
    board,
    figures: () => ({ bytesInFlight: appender.bytesInFlight() }),
    contextOf(process) {
      const ingest = createIngest({ store, directory, bus, clock, refused: say, taken: process.metrics.taken })
      return {
        ...process,
        store,
        directory,
        board,
        bus,
        calendar: plant.calendar,
        accept: ingest.accept,
        lines: createLineEntrance(ingest.accept),
        bodies: new Bodies(),
        gatewayOfToken: rememberTokens((token) => gatewayOfToken(database, token), clock),
        uplinkOf: uplinksTo({ directory: { merge }, ingest, board, announced: describe }),
      }
    },
  }
}

function observe(batch: Batch, store: QueryStore, directory: SharedDirectory): void {
  store.observe(batch)
  for (const [index, tag] of batch.tags.entries()) {
    try {
      directory.observe(tag, batch.kinds[index] as Batch['kinds'][number])
    } catch {
      // There are too many tags: whoever sends them is told so.
    }
  }
}

/**
 * Looks now and then at what others have kept, and asks the owners for newest samples that this process cannot have heard of: at the start, and
 * when live values were lost. Resolves to what ends it.
 */
async function keepUp({ clock, log, link, bus, partitions }: Common, store: QueryStore, directory: SharedDirectory, owners: Owners) {
  const say = occasionally({ clock, log })
  let heard = ''
  const askNewest = async () => {
    const now = `${link.session()} ${bus.statistics().lost}`
    if (now === heard) return
    for (let partition = 0; partition < partitions; partition++) observe(await owners.newest(partition), store, directory)
    heard = now
  }
  const look = async () => {
    try {
      await directory.refresh()
      await askNewest()
    } catch (error) {
      say(`what other processes know cannot be looked up now: ${messageOf(error)}`)
    }
  }
  await look()
  return every(clock, refreshMs, look)
}
