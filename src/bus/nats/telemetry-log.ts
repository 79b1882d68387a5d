// The telemetry log: one JetStream stream per partition. Ingest appends, the owner of the partition reads in order and cuts off what it has
// committed. Promises: docs/specs/bus.md; why this layout: docs/adr/0010-telemetry-log.md.
import { DiscardPolicy, jetstreamManager, RetentionPolicy, StorageType, type JetStreamManager, type StreamInfo } from '@nats-io/jetstream'
import { nanos } from '@nats-io/transport-node'
import type { Log } from '#core/driver.ts'
import { ConfigError } from '#core/errors.ts'
import { partitionsMax } from './partition.ts'
import { apiErrors, hasCode, openBucket, replicasFor, whenReady, type SetupOptions } from './setup.ts'

export interface TelemetryLogOptions extends SetupOptions {
  readonly log: Log
  /** Only counts when the log is made: afterwards every process goes by what was chosen then. */
  readonly partitions?: number | undefined
  /** Bytes on each server for the whole log. At the bound appending fails; nothing is dropped. */
  readonly bytesMax?: number | undefined
}

export interface PartitionState {
  readonly partition: number
  /** Not committed yet by the writer. */
  readonly messages: number
  readonly bytes: number
  readonly bytesMax: number
}

export interface TelemetryLog {
  readonly partitions: number
  readonly state: () => Promise<PartitionState[]>
}

export const defaultPartitions = 16
export const defaultLogBytesMax = 4 * 2 ** 30
/** How long JetStream knows a message id. Beyond it the writer's own memory of sequences recognises a repetition. */
const repetitionWindowMs = 120_000
const settingsBucket = 'millwright'
const partitionsKey = 'partitions'

export const streamOf = (partition: number) => `TELEMETRY-${partition}`
export const subjectOf = (partition: number) => `telemetry.${partition}`

/**
 * Opens the log, making it if need be. What is there keeps its replicas and its bound unless they are given here. Throws `ConfigError` when
 * JetStream cannot keep it.
 */
export async function openTelemetryLog(options: TelemetryLogOptions): Promise<TelemetryLog> {
  const { link, bytesMax, replicas } = options
  const partitions = await agreedPartitions(options)
  const jsm = await whenReady(options, 'answer', () => jetstreamManager(link.connection))
  const perPartition = bytesMax === undefined ? undefined : Math.floor(bytesMax / partitions)
  const all = Array.from({ length: partitions }, (_, partition) => partition)
  await Promise.all(
    all.map((partition) =>
      whenReady(options, `keep partition ${partition} of the telemetry log`, async () => {
        const { config } = await findOrMake(
          jsm,
          partition,
          replicasFor(options),
          perPartition ?? Math.floor(defaultLogBytesMax / partitions),
        )
        if ((replicas ?? config.num_replicas) === config.num_replicas && (perPartition ?? config.max_bytes) === config.max_bytes) return
        await jsm.streams.update(config.name, {
          num_replicas: replicas ?? config.num_replicas,
          max_bytes: perPartition ?? config.max_bytes,
        })
      }),
    ),
  )
  return {
    partitions,
    state: () =>
      Promise.all(
        all.map(async (partition) => {
          const { state, config } = await jsm.streams.info(streamOf(partition))
          return { partition, messages: state.messages, bytes: state.bytes, bytesMax: config.max_bytes }
        }),
      ),
  }
}

/** The number of partitions is written down once, by whoever comes first: a tag that changed its partition would lose its order. */
async function agreedPartitions(options: TelemetryLogOptions): Promise<number> {
  const { partitions: asked = defaultPartitions, log } = options
  if (!Number.isInteger(asked) || asked < 1 || asked > partitionsMax)
    throw new ConfigError(`${asked} is no number of partitions; choose 1 to ${partitionsMax}`)
  const bucket = await openBucket(options, settingsBucket)
  const agreed = await whenReady(options, 'keep the number of partitions', async () => {
    try {
      await bucket.create(partitionsKey, String(asked))
      return asked
    } catch (error) {
      if (!hasCode(error, apiErrors.wrongLastSequence)) throw error
      return Number((await bucket.get(partitionsKey))?.string())
    }
  })
  if (!Number.isInteger(agreed) || agreed < 1)
    throw new ConfigError(
      `the key ${partitionsKey} of the NATS bucket ${settingsBucket} is no number of partitions; somebody else wrote it`,
    )
  if (options.partitions !== undefined && agreed !== asked)
    log.warn(`the telemetry log has ${agreed} partitions and keeps them; ${asked} were asked for`)
  return agreed
}

async function findOrMake(jsm: JetStreamManager, partition: number, replicas: number, bytesMax: number): Promise<StreamInfo> {
  const name = streamOf(partition)
  try {
    return await jsm.streams.info(name)
  } catch (error) {
    if (!hasCode(error, apiErrors.streamNotFound)) throw error
  }
  try {
    return await jsm.streams.add({
      name,
      subjects: [subjectOf(partition)],
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      discard: DiscardPolicy.New,
      max_bytes: bytesMax,
      num_replicas: replicas,
      duplicate_window: nanos(repetitionWindowMs),
    })
  } catch (error) {
    // Another process made it a moment ago.
    if (hasCode(error, apiErrors.nameInUse)) return await jsm.streams.info(name)
    throw error
  }
}
