// Why a machine is in alarm: each value beyond a limit, with the limit, as it is now. Nothing while all is within limits.
import type { MachineTag } from '#api/machines/schema.ts'
import { useNow } from '#web/data/clock.ts'
import { live } from '#web/data/live-socket.ts'
import { beyondText, limitLevel } from '#web/data/value-format.ts'
import { exceededBy } from './reading.tsx'
import { Mark } from './status-mark.tsx'
import styles from './alarm-reasons.module.css'

export function AlarmReasons({ tags }: { tags: readonly MachineTag[] }) {
  useNow()
  const beyond = tags.flatMap((tag) => {
    const sample = live.value(tag.path) ?? tag.latest
    const limit = exceededBy(sample, tag.limits)
    const at = limit && tag.limits?.[limit]
    return limit && at !== undefined ? { tag, limit, text: beyondText(tag, Number(sample?.value), limit, at) } : []
  })
  if (beyond.length === 0) return null
  return (
    <ul className={styles.reasons} aria-label="Why it is in alarm">
      {beyond.map(({ tag, limit, text }) => (
        <li key={tag.path} className={`reading ${styles[limitLevel(limit)]}`}>
          <Mark level={limitLevel(limit) === 'red' ? 'alarm' : 'warning'} size={11} />
          {text}
        </li>
      ))}
    </ul>
  )
}
