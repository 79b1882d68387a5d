// A machine's status from its tags' latest samples: offline when silent, in alarm when a value is beyond a limit, else healthy.
import type { Sample } from '#core/batch.ts'
import type { Directory, MachineEntry, TagEntry } from '#core/directory.ts'
import { isBad } from '#core/quality.ts'
import type { Store } from '#core/store.ts'
import { limitExceeded } from '#core/limit.ts'
import type { Limits } from '#core/tag.ts'
import { formatTime, secondUs, type Micros } from '#core/time.ts'
import type { MachineSummary } from './schema.ts'

const offlineAfterSecondsDefault = 30

export function exceededLimit({ definition }: TagEntry, latest: Sample | undefined): keyof Limits | null {
  if (!latest || typeof latest.value !== 'number' || isBad(latest.quality)) return null
  return limitExceeded(definition?.limits, latest.value) ?? null
}

export function machineSummary(machine: MachineEntry, directory: Directory, store: Store, now: Micros): MachineSummary {
  let lastSeen = -1
  let tagCount = 0
  let alarm = false
  for (const tag of directory.tags(machine.path)) {
    tagCount += 1
    const latest = store.latest(tag.path)
    if (!latest || isBad(latest.quality)) continue
    lastSeen = Math.max(lastSeen, latest.time)
    alarm ||= exceededLimit(tag, latest) !== null
  }
  const offlineAfterUs = (machine.profile?.offlineAfterSeconds ?? offlineAfterSecondsDefault) * secondUs
  const offline = lastSeen < now - offlineAfterUs
  return {
    path: machine.path,
    name: machine.name,
    profile: machine.profile?.profile ?? null,
    status: offline ? 'offline' : alarm ? 'alarm' : 'healthy',
    lastSeen: lastSeen < 0 ? null : formatTime(lastSeen),
    tagCount,
  }
}
