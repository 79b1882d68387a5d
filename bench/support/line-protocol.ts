// Batches as Influx line protocol: measurement `samples`, tags machine and tag, field v, and q where the quality is not good.
import type { Batch } from '#core/batch.ts'
import { machineName, tagName } from './telemetry-file.ts'
import { TextWriter } from './text-writer.ts'

const [space, newline] = [0x20, 0x0a]

export interface LineProtocolOptions {
  readonly tags: number
  /** Microseconds that one unit of the times has. */
  readonly unitUs: 1 | 1000
  /** Leaves the quality out, for servers that would make another series of it. */
  readonly quality: boolean
}

/** The result is valid until the next call. */
export function lineProtocolEncoder({ tags, unitUs, quality }: LineProtocolOptions): (batch: Batch) => Buffer {
  const writer = new TextWriter()
  const heads = Array.from({ length: tags }, (_, tag) => Buffer.from(`samples,machine=${machineName(tag)},tag=${tagName(tag)} v=`))
  return (batch) => {
    writer.clear()
    for (let row = 0; row < batch.count; row++) {
      writer.bytes(heads[batch.tag[row] as number] as Buffer)
      writer.decimal(batch.value[row] as number)
      const code = batch.quality[row] as number
      if (quality && code !== 0) writer.bytes(Buffer.from(`,q=${code}i`))
      writer.byte(space)
      writer.integer((batch.time[row] as number) / unitUs)
      writer.byte(newline)
    }
    return writer.written
  }
}
