// The process of those who send: makes everything first, then sends when it is told to.
import { answerParent } from '#bench/support/child.ts'
import type { Telemetry } from '#bench/support/telemetry-file.ts'
import { sendOverHttp, sendOverMqtt, type Acknowledgements, type Target } from './send.ts'
import { httpBodies, mqttPackets, type BodyKind } from './wire-bodies.ts'

export interface Made {
  readonly bytes: number
  /** Which share of everything belongs to the measured part. */
  readonly measuredShare: number
}

/** Servers are quicker, too, when they have run for a while: the first part is not measured. */
export type Part = 'first' | 'measured'
const firstShare = 0.1

let send: (target: Target, part: Part) => Promise<Acknowledgements>

answerParent({
  make(kind: BodyKind | 'mqtt', telemetry: Telemetry, connections: number): Made {
    // HTTP requests go to whichever connection is free; over MQTT a device stays with its own.
    const lists = kind === 'mqtt' ? mqttPackets(telemetry, connections) : [httpBodies(kind, telemetry)]
    send = (target, part) => {
      const parts = lists.map((list) => partOf(list, part))
      return kind === 'mqtt' ? sendOverMqtt(parts, target) : sendOverHttp(parts.flat(), target)
    }
    const all = lists.flat()
    const bytes = all.reduce((sum, { length }) => sum + length, 0)
    const measured = lists.reduce((sum, list) => sum + partOf(list, 'measured').length, 0)
    return { bytes, measuredShare: measured / all.length }
  },
  send: (target: Target, part: Part) => send(target, part),
})

function partOf<T>(list: readonly T[], part: Part): readonly T[] {
  const first = Math.floor(list.length * firstShare)
  return part === 'first' ? list.slice(0, first) : list.slice(first)
}
